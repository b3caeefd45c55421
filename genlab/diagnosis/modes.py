"""What can be seen of how a GAN's points spread over the modes of the data."""

import numpy as np

from genlab.config import GANConfig
from genlab.diagnosis.both import Attempts, not_before, without_mistake
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit
from genlab.diagnosis.words import number, sentence


def hopping(recent: Recent) -> Diagnosis | None:
    """The points crowd at some of the modes, and at others each time they are measured, or again and again."""
    early = may_hop(recent)
    crowds = recent.is_crowded or (recent.crowds_again_and_again and not early)
    goes_on = recent.judged_as == Name.MODE_HOPPING and early
    if not (crowds or goes_on) or not recent.turns_over:
        return None
    return Diagnosis(
        Name.MODE_HOPPING,
        sentence(crowd(recent), f"within 100 steps {recent.turnover:.0%} changed their mode"),
        f"Where the points crowd the {recent.config.second} learns to reject them, they leave together, it follows: "
        "the two turn around each other.",
        against_crowding(recent.config),
        "games",
    )


def may_hop(recent: Recent) -> Diagnosis | None:
    """The points crowded lately and turn over, but were hardly judged yet: those that will do well crowd before."""
    if recent.is_crowded or not recent.crowded_lately or not recent.turns_over:
        return None
    return not_before(recent, recent.warm_at + int(limit("turnover_steps")))


def too_early_to_say(recent: Recent) -> Diagnosis | None:
    """That it is too early to call a run healthy whose points may hop; never of one that had a name before."""
    return None if recent.judged_as else may_hop(recent)


def uneven(recent: Recent) -> Diagnosis | None:
    """Some of the modes have far more of the points than others, but hardly one is without any."""
    if not recent.is_uneven:
        return None
    return Diagnosis(
        Name.UNEVEN_MODES,
        sentence(crowd(recent), f"within 100 steps {recent.turnover:.0%} changed their mode"),
        f"The generator is asked for points that pass as real before the {recent.config.second} as it stands. What "
        "would carry them from a mode with too many to one with too few is its slope in between, and where no points "
        "are it may be flat.",
        against_crowding(recent.config),
        "discriminator",
    )


def relapsed(recent: Recent) -> Diagnosis | None:
    """The points had reached the data, or most of its modes, and have lost them again."""
    return _lost_modes(recent) or _left_data(recent)


def _lost_modes(recent: Recent) -> Diagnosis | None:
    lost = recent.lost_modes
    if not lost:
        return None
    best, now = lost
    return Diagnosis(
        Name.RELAPSED,
        sentence(crowd(recent), f"on the mean of {limit('long_window'):g} steps {now:.1f} are, and {best:.1f} were"),
        "It had these modes and lost them: these steps do not keep to a rest that they reach. What is generated now "
        "cannot tell that, only what was reached before.",
        against_crowding(recent.config),
        "games",
    )


def _left_data(recent: Recent) -> Diagnosis | None:
    if not recent.had_arrived or recent.is_nearer("resting_distance"):
        return None
    if not recent.is_crowded and (recent.has_every_mode or not recent.has_left):
        return None
    saw = [farther(recent)]
    if recent.has("effective_modes"):
        most = recent.history["effective_modes"].max()
        saw.insert(0, f"{crowd(recent)}, {most:.1f} at most before")
    return Diagnosis(
        Name.RELAPSED,
        sentence(*saw),
        "It had the data and lost them: these steps do not keep to a rest that they reach. What is generated now "
        "cannot tell that, only what was reached before.",
        against_crowding(recent.config),
        "games",
    )


def collapse(recent: Recent) -> Diagnosis | None:
    """The points crowd at some of the modes and stay there."""
    if not recent.is_crowded:
        return None
    stay = "they stay" if recent.turnover < limit("settled") else "most of them stay"
    return Diagnosis(
        Name.MODE_COLLAPSE,
        sentence(crowd(recent), f"{stay}: within 100 steps {recent.turnover:.0%} changed their mode"),
        f"The generator is asked for points that pass as real before the {recent.config.second} as it stands; no term "
        "of its loss asks for all modes.",
        against_crowding(recent.config),
        "gallery",
    )


def images_alike(recent: Recent) -> Diagnosis | None:
    """The generated images are far more alike than those of the data."""
    if not recent.has("sample_distance") or are_varied(recent):
        return None
    now, data = _difference(recent), recent.reference
    found = Diagnosis(
        Name.MODE_COLLAPSE,
        f"Two generated images differ by {number(now)} on the mean{recent.when('sample_distance')}, two of the data by "
        f"{number(data['sample_distance'])} ({number(data['sample_distance_low'])} to "
        f"{number(data['sample_distance_high'])} over groups of as many).",
        "The generator is asked for images that pass as real; no term of its loss asks for all kinds of them.",
        against_crowding(recent.config),
        "gallery",
    )
    return unless_early(recent, found)


def are_varied(recent: Recent) -> bool:
    """Whether generated images differ from each other about as much as those of the data; False of points."""
    if not recent.has("sample_distance"):
        return False
    return not recent.are_alike


def _difference(recent: Recent) -> float:
    """By how much two generated images differ on the mean: of several counts."""
    return float(recent.measured_within("sample_distance", limit("crowded_steps")).mean())


def images_in_words(recent: Recent) -> str:
    """By how much two generated images differ, beside two of the data, and when that was measured."""
    distance, data = recent.last("sample_distance"), recent.reference["sample_distance"]
    when = recent.when("sample_distance")
    return f"two generated images differ by {number(distance)} on the mean{when}, two of data by {number(data)}"


def unless_early(recent: Recent, found: Diagnosis) -> Diagnosis | None:
    """What was found of images that are alike or of few classes, or that it is too early to judge them.

    None where it is too early and the run had another name before, which then stays.
    """
    young, parting = too_young(recent), _parting(recent)
    if not recent.judged_as:
        return young or parting or found
    keeps = recent.judged_as != Name.MODE_COLLAPSE and (young or (parting and recent.are_alike))
    return None if keeps else found


def too_young(recent: Recent) -> Diagnosis | None:
    """That images which are alike, or of few classes, are not judged before a certain step."""
    return not_before(recent, recent.changed_at + int(limit("spread_images")))


def still_parting(recent: Recent) -> bool:
    """Whether the images have been parting from each other from third to third of the run: slow is not collapsed."""
    return _parted(recent) is not None


def _parted(recent: Recent) -> tuple[float, float] | None:
    """By how much two generated images differ in the middle and in the last third of the run, where they are parting.

    None where they are not, or were not measured three times yet.
    """
    if not recent.has("sample_distance"):
        return None
    every = recent.measured("sample_distance", len(recent.history["step"]))
    if len(every) < 3:
        return None
    first, middle, last = (float(np.median(part)) for part in np.array_split(every, 3))
    gain = limit("parting_images") * recent.reference["sample_distance"]
    young = not_before(recent, recent.changed_at + 2 * int(limit("spread_images")))
    growth = limit("spreading_images" if young else "slow_images")
    return (middle, last) if first < middle < last / growth and last - middle >= gain else None


def _parting(recent: Recent) -> Diagnosis | None:
    if (parted := _parted(recent)) is None:
        return None
    middle, last = parted
    return Diagnosis(
        Name.WARMING_UP,
        f"Two generated images differ by {number(last)} on the mean, in the last third of the run, by {number(middle)} "
        "in the one before: they are parting.",
        "Slow is not collapsed: an untrained generator's images are all grey.",
    )


def crowd(recent: Recent) -> str:
    """Over how many modes the points spread, how many have any, and when that was measured."""
    effective, modes = recent.measured("effective_modes")[0], recent.reference["effective_modes"]
    step, captured = recent.measured_at("effective_modes"), recent.measured("modes_captured")[0]
    return (
        f"at step {step:,} {captured:.0f} of {modes:.0f} modes are captured, and the points spread over "
        f"{effective:.1f} effective modes"
    )


def farther(recent: Recent) -> str:
    """How far the points are from the data, and how near they have been."""
    now, before = number(recent.distance), number(recent.nearest)
    return f"exact W₁{recent.when('wasserstein_exact')} is {now} and was {before} before"


def against_crowding(config: GANConfig) -> Attempts:
    """What helps against points or pictures that are all of few kinds."""
    attempts = [*without_mistake(config), *_other_pace(config)]
    if config.generator_learning_rate > config.critic_learning_rate:
        # Neither alone is enough against a generator that is twice as fast.
        attempts.append({"critic_learning_rate": config.generator_learning_rate, **_with_r1(config, 0.5)})
    elif config.r1_weight < 0.5:
        attempts.append({"r1_weight": 0.5})
    if config.updates == "simultaneous":
        attempts.append({"updates": "alternating"})
    return (*attempts, {"n_critic": min(100, 5 * config.n_critic)})


def _other_pace(config: GANConfig) -> Attempts:
    """A generator of points at a fifth of its discriminator's rate, one of pictures at the same, with R1.

    Points may run from mode to mode where the generator is as fast. Pictures, which have farther to go before a
    discriminator that is soon sure of them, may stay alike where it is slower, under R1 too.
    """
    own, other = config.generator_learning_rate, config.critic_learning_rate
    if config.is_critic or config.generator_optimizer != config.critic_optimizer:
        return ()
    if config.is_images:
        return ({"generator_learning_rate": other, **_with_r1(config, 0.5)},) if own < other else ()
    slow = max(config.settings()["generator_learning_rate"].low, other / 5)
    return ({"generator_learning_rate": slow, **_with_r1(config, 0.1)},) if own > slow else ()


def _with_r1(config: GANConfig, least: float) -> dict[str, float]:
    return {"r1_weight": least} if config.r1_weight < least else {}
