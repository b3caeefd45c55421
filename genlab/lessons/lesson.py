"""What a lesson consists of, as it stands in its file; what is not allowed is refused here, field by field."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, field_validator, model_validator

from genlab.config import CONFIGS, Config, SettingError
from genlab.diagnosis import Name
from genlab.figures import View, gan_view, vae_view
from genlab.lessons.columns import COLUMNS
from genlab.maps import MOST_SEEDS
from genlab.scenarios import SCENARIOS

PAGES = ("vae", "gan", "gallery", "divergences", "evidence", "reparameterisation", "games", "discriminator", "generate")
"""The pages that a station can be on."""
FIGURES = {
    "vae": ("loss", "elbo", "reconstruction", "kl", "beta", "active_units"),
    "gan": (
        "critic_loss", "generator_loss", "loss_sum", "real_score", "fake_score", "wasserstein_estimate",
        "critic_grad_norm", "generator_grad_norm", "clipped_fraction", "wasserstein_exact", "modes_captured",
        "high_quality",
    ),
}  # fmt: skip
"""Model → the streamed figures that a sign may watch."""
SIGNS = ("setting", "figure", "step", "diagnosis", "pinned", "played")
"""The kinds of signs that a task is done."""
OF_A_RUN = ("figure", "step", "diagnosis", "pinned", "after", "named", "changed")
"""What of a sign only a run can show."""
MOVING = ("divergences", "evidence", "reparameterisation", "games", "discriminator")
"""Pages without a run that have settings in a column, and pictures that are played."""
VIEWS: dict[str, Callable[[Any], View]] = {"vae": vae_view, "gan": gan_view}
MOST_SENTENCES = 1200
"""Letters of a station's words: what is longer hides the picture that it speaks of."""


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("there is no word in it")
    return text


Words = Annotated[str, Field(min_length=1, max_length=MOST_SENTENCES), AfterValidator(_says_something)]
Title = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_says_something)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Sign(_Part):
    """How the lab notices that a station's task is done; exactly one of its kinds.

    ``setting`` or ``figure`` with ``least`` or ``most`` or both (a setting also with ``is``): it lies in that range;
    ``step``: the run has passed it; ``diagnosis``: the run has that name; ``pinned``: so many places of the latent
    plane are (true: one); ``played``: what moves on a theory page has come to its end. ``after``: from which step of
    the run on it counts, where it could be met before anybody did anything; ``named``: it counts while the run has that
    name; ``changed``: it counts once the run has trained with other settings than those of the set-up, its seed aside.
    """

    setting: str | None = None
    figure: str | None = None
    least: FiniteFloat | None = None
    most: FiniteFloat | None = None
    value: str | None = Field(None, alias="is")
    step: int | None = Field(None, ge=1)
    diagnosis: Name | None = None
    pinned: int | None = Field(None, ge=1, le=2)
    played: Literal[True] | None = None
    after: int | None = Field(None, ge=1)
    named: Name | None = None
    changed: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in SIGNS if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError(f"allowed is exactly one of {', '.join(SIGNS[:-1])} and {SIGNS[-1]}")
        bounds = [bound for bound in (self.least, self.most) if bound is not None]
        if kinds[0] in ("setting", "figure"):
            if not bounds and self.value is None:
                raise ValueError(f"a {kinds[0]} needs least or most{', or is' if kinds[0] == 'setting' else ''}")
        elif bounds:
            raise ValueError("least and most belong to a setting or a figure")
        if self.value is not None and kinds[0] != "setting":
            raise ValueError("is belongs to a setting")
        if self.changed and kinds[0] not in ("figure", "diagnosis", "step"):
            raise ValueError("changed belongs to a figure, a diagnosis or a step")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least = {self.least:g} is above most = {self.most:g}")
        return self

    def to_data(self) -> dict[str, Any]:
        """Plain JSON for the browser, which watches the frames."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Question(_Part):
    """Asked before the thing happens; ``answer`` counts the choices from 1, ``because`` stands after it."""

    ask: Words
    choices: list[Title] = Field(min_length=2, max_length=6)
    answer: int = Field(ge=1)
    because: Words

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.answer > len(self.choices):
            raise ValueError(f"answer = {self.answer}: allowed is 1 to {len(self.choices)}, the number of its choices")
        if twice := next((one for at, one in enumerate(self.choices) if one in self.choices[:at]), None):
            raise ValueError(f"two of its choices are {twice[:40]}")
        return self


class Station(_Part):
    """One sentence of a lecture with its picture.

    ``setup`` holds settings of the page as its address does; on the pages of a model a ``scenario`` may stand in front
    of it, whose ``cured`` twin can be taken instead; on the Gallery it is the pair. ``steps``: the run starts at once
    and rests there. ``panels`` and ``controls`` are those in front, all where nothing is said. ``seeds``: a button puts
    the set-up on so many seeds, to the step at which its claim is judged, else to ``steps``.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    title: Title
    minutes: float = Field(gt=0, le=90)
    words: Words
    page: Literal[PAGES]  # type: ignore[valid-type]
    scenario: str | None = None
    cured: bool = False
    setup: dict[str, str | bool | int | float] = Field(default_factory=dict)
    steps: int | None = Field(None, ge=1, le=1_000_000)
    panels: list[str] = Field(default_factory=list)
    controls: list[str] = Field(default_factory=list)
    seeds: int | None = Field(None, ge=4, le=MOST_SEEDS)
    do: str = Field("", max_length=300)
    done: Sign | None = None
    question: Question | None = None
    notes: str = Field("", max_length=3000)

    @field_validator("scenario")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None and name not in SCENARIOS:
            raise ValueError(f"there is no scenario {name[:40]}; python -m genlab scenario lists them")
        return name

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.page in CONFIGS:
            self._fits_model()
        elif self.page == "gallery":
            self._fits_gallery()
        else:
            self._allow_only(
                "page", scenario=self.scenario, cured=self.cured, steps=self.steps, panels=self.panels,
                controls=self.controls, seeds=self.seeds,
            )  # fmt: skip
            self._fits_theory()
        if self.done and not self.do:
            raise ValueError("done needs do: what is to be done, in words")
        if self.done and self.steps and (self.done.step or self.steps + 1) <= self.steps:
            raise ValueError(f"done.step = {self.done.step}: to steps = {self.steps} the run trains by itself")
        return self

    def _fits_model(self) -> None:
        if self.scenario and SCENARIOS[self.scenario].config.model != self.page:
            raise ValueError(
                f"scenario = {self.scenario}: it is one of the page {SCENARIOS[self.scenario].config.model}"
            )
        if self.cured and not (self.scenario and SCENARIOS[self.scenario].cured):
            raise ValueError("cured needs a scenario that has a cure")
        try:
            config = self.config
        except SettingError as error:
            raise ValueError(f"setup: {error}") from None
        names = [panel.id for panel in VIEWS[self.page](config).panels]
        _allow("panels", self.panels, names)
        _allow("controls", self.controls, list(config.settings()))
        if self.done and self.done.played:
            raise ValueError(f"done.played: the page {self.page} has a run, whose step passes")
        if self.done and self.done.setting:
            _allow("done.setting", [self.done.setting], list(config.settings()))
        if self.done and self.done.figure:
            _allow("done.figure", [self.done.figure], FIGURES[self.page])

    def _fits_theory(self) -> None:
        _allow("setup", list(self.setup), COLUMNS[self.page])
        if self.done and self.done.setting:
            _allow("done.setting", [self.done.setting], COLUMNS[self.page])
        if self.page not in MOVING:
            self._allow_only("page", done=self.done)
        elif self.done:
            given = {f"done.{name}": getattr(self.done, name) for name in OF_A_RUN}
            self._allow_only("page", **given)

    def _fits_gallery(self) -> None:
        if not (self.scenario and SCENARIOS[self.scenario].cure):
            raise ValueError("the page gallery needs a scenario that has a cure")
        self._allow_only(
            "page", setup=self.setup, cured=self.cured, panels=self.panels, controls=self.controls, done=self.done,
            seeds=self.seeds,
        )  # fmt: skip

    def _allow_only(self, what: str, **given: Any) -> None:
        for name, value in given.items():
            if value:
                raise ValueError(f"{name}: the {what} {self.page} has none")

    @property
    def sign(self) -> dict[str, Any] | None:
        """The sign as the browser watches for it: what a run shows that trains by itself is nobody's deed."""
        if self.done is None:
            return None
        shows = self.done.figure is not None or self.done.diagnosis is not None
        by_itself = self.steps + 1 if shows and self.steps else 0
        after = max(self.done.after or 0, by_itself)
        sign = self.done.to_data() | ({"after": after} if after else {})
        if self.done.changed:
            # The next seed is the same set-up.
            sign["changed"] = {name: value for name, value in self.config.model_dump().items() if name != "seed"}
        return sign

    @property
    def config(self) -> Config:
        """The settings of the run of a station on a model's page; raises :class:`SettingError`."""
        if self.scenario:
            scenario = SCENARIOS[self.scenario]
            config = scenario.cured if self.cured else scenario.config
            assert config, f"scenario = {self.scenario}: it has no cure"
            return config.replace(**self.setup)
        return CONFIGS[self.page](**self.setup)


class Lesson(_Part):
    """An ordered list of stations; ``minutes`` is their sum."""

    title: Title
    about: Words
    station: list[Station] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        seen = set()
        for station in self.station:
            if station.name in seen:
                raise ValueError(f"two stations have the name {station.name}")
            seen.add(station.name)
        return self

    @property
    def minutes(self) -> float:
        """How long the lesson takes."""
        return sum(station.minutes for station in self.station)

    def place(self, name: str) -> int | None:
        """The index of the station of this name."""
        return next((i for i, station in enumerate(self.station) if station.name == name), None)


def _allow(what: str, given: list[str], names: Any) -> None:
    for name in given:
        if name not in names:
            raise ValueError(f"{what} = {name[:40]}: allowed is {', '.join(names)}")
