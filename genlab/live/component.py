"""The live component: mounts pictures that a WebSocket feeds, so that training never needs a script rerun."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from genlab.config import Config
from genlab.figures.drawn import DRAWN_FOR, How
from genlab.figures.panels import View
from genlab.live.assets import component, surroundings
from genlab.live.controls import controls


class Companion(NamedTuple):
    """Another run of the same kind, whose curves are drawn dashed: its id, its token and what it is called."""

    run_id: str
    token: str
    label: str

    def to_data(self, dismissable: bool) -> dict[str, Any]:
        """The companion as JSON for the component; only a dismissable one has a button that takes it away."""
        return {"run": self.run_id, "token": self.token, "label": self.label, "dismissable": dismissable}


class Transport(NamedTuple):
    """The buttons of a run: the step at which a demonstration rests, whether it is a map, whether it can be kept."""

    until: int | None = None
    map: bool = False
    keep: bool = False


@cache
def _component():
    return component("live", "live", "bar", "room", "panels", "explorer", "posterior", "controls", "slow")


def _nothing() -> None:
    pass


def live(
    run_id: str,
    token: str,
    view: View,
    *,
    key: str,
    config: Config | None = None,
    drawn: Mapping[str, How] | None = None,
    show: Iterable[str] | None = None,
    offered: Mapping[str, Mapping[str, str]] | None = None,
    transport: Transport | None = None,
    watching: str = "",
    address: Mapping[str, str] | None = None,
    companion: Companion | None = None,
    claim: str = "",
    timeline: bool = False,
    on_settings: Callable[[], None] = _nothing,
    on_cell: Callable[[], None] = _nothing,
    on_address: Callable[[], None] = _nothing,
    on_keep: Callable[[], None] = _nothing,
    on_seeds: Callable[[], None] = _nothing,
):
    """Mount the live pictures of one run; call it again at every rerun with the same ``key``.

    What a hand does to the run, and what becomes of it, goes over the run's socket, see :mod:`genlab.runtime.hand`: no
    script runs for it. The component asks for a rerun where the page itself has to change.

    Args:
        run_id: the run to watch.
        token: what the WebSocket asks for (``lab.token(run_id)``).
        view: panels, grid and formula, from :mod:`genlab.figures`.
        key: the element's key; a stable key keeps zoom, tabs and the socket over reruns.
        config: the settings that ``view`` was drawn for. When the frames report others for which it would be drawn
            otherwise, the component asks for one rerun.
        drawn: the settings that the page is drawn for; None for those of its view, see :mod:`genlab.figures.drawn`.
        show: names of the settings whose controls stand in front; the others are in a drawer. None for no controls.
        offered: choices of some settings that their declarations do not have, as a person's own data.
        transport: the buttons of the run; None for none.
        watching: why this visitor may not change anything, in one line; "" for one who may.
        address: what the address of the page says beside the settings that have controls; None where it is not written.
        companion: a run whose live curves stand in the same axes; one of the address can be taken away.
        timeline: whether one can look back at snapshots.
        on_settings: called before that rerun; the component's ``settings`` in the session state then holds what the
            frames reported, and whether that is ``now``.
        on_cell: called before the rerun in which ``result.cell`` is the cell of a map that the person chose.
        claim: what the pictures show, which presenter mode writes above them.
        on_address: called when the page is to show what another address names, and when the server does not know the
            run, as after a new start: the rerun makes it again. The component's ``address`` in the session state then
            holds the parameters.
        on_keep: called when the person wants to take the run home.
        on_seeds: called when the person wants its settings on several seeds.
    """
    return _component()(
        key=key,
        data={
            "run": run_id,
            "token": token,
            "config": config and config.model_dump(),
            "drawn": list((drawn or DRAWN_FOR.get(config.model, {})).items()) if config else [],
            "controls": controls(config, show, offered) if config and show is not None else None,
            "transport": transport and transport._asdict(),
            "watching": watching,
            "address": None if address is None else dict(address),
            **surroundings("live"),
            "timeline": timeline,
            "claim": claim,
            "companion": companion and companion.to_data(dismissable=address is not None),
            **view.to_data(),
        },
        on_settings_change=on_settings,
        on_cell_change=on_cell,
        on_address_change=on_address,
        on_keep_change=on_keep,
        on_seeds_change=on_seeds,
    )
