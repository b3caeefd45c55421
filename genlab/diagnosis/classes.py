"""What can be seen of how a GAN's pictures of digits spread over the classes."""

from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.modes import against_crowding, unless_early
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit
from genlab.diagnosis.words import number, sentence


def few_classes(recent: Recent) -> Diagnosis | None:
    """The generated digits are of few classes."""
    if not recent.has("effective_classes"):
        return None
    if not recent.has_few_classes:
        return None
    # Of several measurements, so that neither a lucky nor an unlucky one changes the name.
    effective = recent.measured_within("effective_classes", limit("classes_steps")).mean()
    real = recent.reference["effective_classes"]
    found = Diagnosis(
        Name.MODE_COLLAPSE,
        sentence(told(recent), f"the effective number of classes is {effective:.1f}, of real digits {number(real)}"),
        "The generator is asked for pictures that pass as real; no term of its loss asks for all digits.",
        against_crowding(recent.config),
        "gallery",
    )
    return unless_early(recent, found)


def told(recent: Recent) -> str:
    """What the classifier says of the generated digits, beside what it says of real ones."""
    sure, real = recent.measured("confident_share")[0], recent.reference["confident_share"]
    return (
        f"of 512 pictures{recent.when('effective_classes')} {sure:.0%} are surely of a class (of real digits "
        f"{real:.0%}), and {recent.measured('classes_covered')[0]:.0f} of 10 classes are covered"
    )
