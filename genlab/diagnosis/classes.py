"""What can be seen of how a GAN's pictures of digits spread over the classes."""

from genlab.diagnosis.both import not_before
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.modes import against_crowding
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit
from genlab.diagnosis.words import number


def few_classes(recent: Recent) -> Diagnosis | None:
    """The generated digits are of few classes."""
    if not recent.has("effective_classes"):
        return None
    # Of several measurements, so that neither a lucky nor an unlucky one changes the name.
    effective = recent.measured_within("effective_classes", limit("classes_steps")).mean()
    if effective > limit("crowded") * recent.reference["effective_classes"]:
        return None
    if early := not_before(recent, recent.changed_at + int(limit("spread_images"))):
        return early
    return Diagnosis(
        Name.MODE_COLLAPSE,
        f"Of 512 pictures{recent.when('effective_classes')} {recent.measured('confident_share')[0]:.0%} are surely of "
        f"a class, and {recent.measured('classes_covered')[0]:.0f} of 10 classes are covered; the effective number of "
        f"classes is {effective:.1f}, of real digits {number(recent.reference['effective_classes'])}.",
        "The generator is asked for pictures that pass as real; no term of its loss asks for all digits.",
        against_crowding(recent.config),
        "gallery",
    )
