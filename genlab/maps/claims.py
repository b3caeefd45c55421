"""What the models of a map on seeds are judged by; apart from what a map is, since it knows the demonstrations."""

from genlab.maps.config import MapConfig
from genlab.scenarios.claims import Claim, claims_of


def claim_on_seeds(config: MapConfig) -> Claim | None:
    """The claim of the set-up that stands on the seeds; None where the map does not end at the claim's step."""
    claims = claims_of(config.base) if config.is_on_seeds else ()
    return next((claim for claim in claims if claim.step == config.steps), None)
