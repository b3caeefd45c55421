"""Whose runs are whose: the lab's side of rights, tokens and links that steer."""

from genlab.runtime.access import Pass, Right, acting, needs, right_to
from genlab.runtime.pool import Pool
from genlab.runtime.records import RunState
from genlab.runtime.refusals import NotAllowed
from genlab.runtime.settings import ServerSettings
from genlab.runtime.visitors import Seal, Visitors, same
from genlab.runtime.watching import Watches


class Owning:
    """What a lab knows of whose runs are whose; :class:`genlab.runtime.client.Lab` has the runs themselves."""

    visitors: Visitors
    _seal: Seal
    _pool: Pool
    _watches: Watches
    settings: ServerSettings
    _favoured: frozenset[str] = frozenset()

    def right(self, run_id: str) -> Right:
        """What whoever acts may do to a run; raises :class:`UnknownRun`."""
        return right_to(self.state(run_id).access)

    def require(self, run_id: str, right: Right, together: bool = False) -> None:
        """Raise :class:`NotAllowed` when whoever acts may not do that to a run, and to its twin if both are meant."""
        for one in filter(None, (run_id, self.twin_of(run_id) if together else None)):
            if self.exists(one) and (has := self.right(one)) < right:
                raise NotAllowed(self._refusal(self.state(one), has))

    def _refusal(self, state: RunState, has: Right) -> str:
        whose = f"Run {state.run_id[:5]} is {self.visitors.name(state.access.owner)}’s"
        if has == Right.STEER:
            return f"{whose}: only who owns it names it, deletes it and shares it."
        return f"{whose}, and you watch it: “Make it mine” gives you a run of your own from here."

    def owner_name(self, run_id: str) -> str:
        """What the owner of a run is called; "" for a run that is everybody's."""
        owner = self.state(run_id).access.owner
        return self.visitors.name(owner) if owner else ""

    def watched_by(self, owner: str, watchers: set[str]) -> bool:
        """Whether one of these visitors watches a run of the owner."""
        own = (entry.state.run_id for entry in self._pool.of_owner(owner))
        return any(watch.who in watchers for run_id in own for watch in self._watches.of(run_id))

    def favour(self, owners: set[str]) -> None:
        """Give the runs of these visitors more of the time than those of the others."""
        before, self._favoured = self._favoured, frozenset(owners)
        for entry in (one for owner in before ^ self._favoured for one in self._pool.of_owner(owner) if one.host):
            self._pool.command(entry, "share", times=self._share_of(entry.state.access.owner))

    def _share_of(self, owner: str) -> float:
        return self.settings.lecturer_share if owner in self._favoured else 1.0

    # ---- links that steer ----

    @needs(Right.OWN)
    def steering_key(self, run_id: str) -> str:
        """What a link carries whose readers may steer the run, until it is taken back."""
        return self._key(self.state(run_id))

    def _key(self, state: RunState) -> str:
        return self._seal.sign("steer", state.run_id, state.access.owner, str(state.access.links))[:24]

    def join(self, run_id: str, key: str) -> bool:
        """Let whoever acts steer a run if the key is that of its link; whether it is."""
        state, visitor = self.state(run_id), acting()
        if not same(self._key(state), key):
            return False
        if visitor:
            self._pool.let(self._entry(run_id), state.access.with_steerer(visitor))
        return True

    @needs(Right.OWN)
    def take_back(self, run_id: str) -> None:
        """Nobody but the owner steers the run any more, and no link that was handed out does."""
        self._pool.let(self._entry(run_id), self.state(run_id).access.without_steerers())

    # ---- tokens ----

    def token(self, run_id: str) -> str:
        """What the WebSocket asks for, made for whoever acts: it cannot be guessed, says who they are and what they may
        do, and is the same after a restart of the server.
        """
        right, visitor = (self.right(run_id) if self.exists(run_id) else Right.OWN), acting() or ""
        return f"{right:d}.{visitor}.{self._seal.sign('token', run_id, str(int(right)), visitor)}"

    def admits(self, run_id: str, token: str) -> Pass | None:
        """Who holds the token of a run, and what it gives; None when it does not fit."""
        right, _, rest = token.partition(".")
        visitor, _, signature = rest.rpartition(".")
        if not self._seal.fits(signature, "token", run_id, right, visitor):
            return None
        return Pass(visitor or None, Right(int(right)))

    # ---- a page's place in the class ----

    def seat(self) -> str:
        """What a page's socket of the class asks for, made for whoever acts."""
        visitor = acting() or ""
        return f"{visitor}.{self._seal.sign('seat', visitor)}"

    def seated(self, token: str) -> str | None:
        """The visitor for whom a seat was made; None for a token that is none."""
        visitor, _, signature = token.rpartition(".")
        return visitor if visitor and self._seal.fits(signature, "seat", visitor) else None
