"""Who may do what to whose run: every right × every command, tokens that end with their right, links that steer."""

import inspect

import pytest
from conftest import until

from genlab.config import GANConfig
from genlab.maps import Axis, MapConfig
from genlab.runtime.access import Access, Pass, Right, acting, on_behalf_of, pages_act_for
from genlab.runtime.client import CommandFailed, Lab, NotAllowed, UnknownRun
from genlab.runtime.messages import RunStatus
from genlab.runtime.records import from_values, to_values
from genlab.runtime.store import Store
from genlab.runtime.visitors import Seal, Visitors, account_visitor, animal, is_visitor, tab_visitor

SMALL = GANConfig(generator_width=8, critic_width=8, batch_size=16)
OWNER, FRIEND, STRANGER = "owner-of-it-000", "friend-of-it-00", "stranger-to-it0"

COMMANDS = {
    "play": (Right.STEER, lambda lab, run_id: lab.play(run_id)),
    "pause": (Right.STEER, lambda lab, run_id: lab.pause(run_id)),
    "step": (Right.STEER, lambda lab, run_id: lab.step(run_id)),
    "apply": (Right.STEER, lambda lab, run_id: lab.apply(run_id, clip=0.1)),
    "reset": (Right.STEER, lambda lab, run_id: lab.reset(run_id)),
    "rewind": (Right.STEER, lambda lab, run_id: lab.rewind(run_id, 0)),
    "move": (Right.STEER, lambda lab, run_id: lab.move(run_id, "auto")),
    "untwin": (Right.STEER, lambda lab, run_id: lab.untwin(run_id)),
    "stop": (Right.OWN, lambda lab, run_id: lab.stop(run_id)),
    "rename": (Right.OWN, lambda lab, run_id: lab.rename(run_id, "mine")),
    "steering_key": (Right.OWN, lambda lab, run_id: lab.steering_key(run_id)),
    "take_back": (Right.OWN, lambda lab, run_id: lab.take_back(run_id)),
    "delete": (Right.OWN, lambda lab, run_id: lab.delete(run_id)),
    "state": (Right.WATCH, lambda lab, run_id: lab.state(run_id)),
    "curves": (Right.WATCH, lambda lab, run_id: lab.curves(run_id)),
    "checkpoint": (Right.WATCH, lambda lab, run_id: lab.checkpoint(run_id)),
    "copy": (Right.WATCH, lambda lab, run_id: lab.copy(run_id)),
    "branch": (Right.WATCH, lambda lab, run_id: lab.branch(run_id, 0)),
    "token": (Right.WATCH, lambda lab, run_id: lab.token(run_id)),
}
HAS = {OWNER: Right.OWN, FRIEND: Right.STEER, STRANGER: Right.WATCH, None: Right.OWN}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    running = Lab(tmp_path_factory.mktemp("home"), workers=1, idle_seconds=600)
    until(lambda: running.worker_status() == "ready")
    yield running
    running.close()


def owned(lab, visitor=OWNER, config=SMALL, steps=1):
    """A run of a visitor that has trained, steered by a friend too."""
    with on_behalf_of(visitor):
        run_id = lab.start(config)
        for _ in range(steps):
            lab.step(run_id)
        key = lab.steering_key(run_id)
    with on_behalf_of(FRIEND):
        assert lab.join(run_id, key)
    return run_id


@pytest.mark.parametrize("visitor", HAS, ids=["owner", "friend", "stranger", "server"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_carried_out_for_who_may_and_refused_in_one_line_for_who_may_not(lab, name, visitor):
    needed, command = COMMANDS[name]
    run_id = owned(lab)
    before = lab.state(run_id)
    with on_behalf_of(visitor):
        if HAS[visitor] >= needed:
            command(lab, run_id)
            return
        with pytest.raises(NotAllowed) as refused:
            command(lab, run_id)
    assert lab.state(run_id) == before and animal(OWNER) in str(refused.value) and "\n" not in str(refused.value)


def test_the_table_has_every_command_that_the_lab_guards():
    guarded = {name: method.needs for name, method in inspect.getmembers(Lab) if hasattr(method, "needs")}
    assert guarded == {name: needed for name, (needed, _) in COMMANDS.items() if needed > Right.WATCH}


def test_whatever_changes_a_run_is_guarded():
    """A command is what goes to a worker, to the list of runs or to the rights through a run's id."""
    free = {
        "branch", "called", "checkpoint", "copy", "curves", "device", "exists", "name", "open_cell", "owner_name",
        "right", "state", "token", "twin_of", "watch", "ask", "audience_changed", "cannot_make", "admits", "join",
        "require", "restore", "bring_data",
    }  # fmt: skip
    takes_a_run = {
        name for name, method in inspect.getmembers(Lab, inspect.isfunction)
        if not name.startswith("_") and "run_id" in list(inspect.signature(method).parameters)[1:2]
    }  # fmt: skip
    assert takes_a_run - free == {name for name, (needed, _) in COMMANDS.items() if needed > Right.WATCH}


def test_what_nobody_owns_is_everybodys(lab):
    run_id = lab.start(SMALL)
    with on_behalf_of(STRANGER):
        lab.step(run_id)
        lab.rename(run_id, "ours")
    assert lab.state(run_id).step == 1 and lab.name(run_id) == "ours"


def test_a_copy_is_the_strangers_goes_on_exactly_and_leaves_the_first_run_alone(lab):
    run_id = owned(lab, steps=7)
    with on_behalf_of(STRANGER):
        mine = lab.copy(run_id)
        until(lambda: lab.state(mine).status == RunStatus.PAUSED)
        assert lab.state(mine).step == 7 and lab.right(mine) == Right.OWN
        lab.step(mine)
    with on_behalf_of(OWNER):
        lab.step(run_id)
        assert lab.right(mine) == Right.WATCH
    curves = [(lab.checkpoint(one), lab.curves(one)["critic_loss"].tolist())[1] for one in (run_id, mine)]
    assert curves[0] == curves[1] and lab.state(run_id).step == lab.state(mine).step == 8


@pytest.mark.parametrize("trained", [False, True])
def test_of_twins_both_are_copied_at_one_step_while_they_train_and_are_twins_again(lab, trained):
    with on_behalf_of(OWNER):
        left = lab.start(SMALL)
        right = lab.start(SMALL.replace(seed=1), twin=left)
        if trained:
            lab.play(left)
            until(lambda: lab.state(right).step > 10)
    with on_behalf_of(STRANGER):
        for one, other in ((left, right), (right, left)):
            mine = lab.copy(one)
            twin = lab.twin_of(mine)
            until(lambda: {lab.state(run).status for run in (mine, twin)} == {RunStatus.PAUSED})  # noqa: B023
            assert (lab.state(mine).config, lab.state(twin).config) == (lab.state(one).config, lab.state(other).config)
            assert lab.state(mine).step == lab.state(twin).step and (lab.state(mine).step > 0) == trained
            step = lab.state(mine).step
            lab.step(mine)
            assert {lab.state(run).step for run in (mine, twin)} == {step + 1}


def test_a_map_is_copied_too(lab):
    config = MapConfig(
        base=SMALL, x=Axis("critic_learning_rate", 0.001, 0.01, 2), y=Axis("n_critic", 1, 2, 2), steps=50
    )
    with on_behalf_of(OWNER):
        run_id = lab.start(config, play=True)
        until(lambda: lab.state(run_id).step > 0)
        lab.pause(run_id)
    with on_behalf_of(STRANGER):
        with pytest.raises(NotAllowed):
            lab.play(run_id)
        mine = lab.copy(run_id)
        until(lambda: lab.state(mine).status == RunStatus.PAUSED)
        assert lab.state(mine).config == config and lab.state(mine).step == lab.state(run_id).step
        assert [stored.state.run_id for stored in lab.maps()] == [mine]


def test_nobody_moves_a_strangers_run_by_making_it_a_twin(lab):
    theirs = owned(lab)
    with on_behalf_of(STRANGER):
        mine = lab.start(SMALL)
        with pytest.raises(NotAllowed):
            lab.twin(mine, theirs)
        with pytest.raises(NotAllowed):
            lab.start(SMALL, twin=theirs)
    assert lab.twin_of(theirs) is None


def test_twins_of_two_owners_move_for_who_may_steer_both(lab):
    one, other = owned(lab), owned(lab, STRANGER)
    with on_behalf_of(FRIEND):
        lab.twin(one, other)
        lab.step(one)
    with on_behalf_of(OWNER), pytest.raises(NotAllowed):
        lab.step(one)
    with on_behalf_of(OWNER):
        lab.untwin(one)
        lab.step(one)
    assert lab.state(one).step == lab.state(other).step + 1


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_each_sees_their_own_runs_and_those_that_they_steer(lab):
    run_id, other = owned(lab), owned(lab, STRANGER)

    def listed(visitor):
        with on_behalf_of(visitor):
            return {run.state.run_id for run in lab.runs()} & {run_id, other}

    assert listed(OWNER) == {run_id} and listed(STRANGER) == {other} and listed(FRIEND) == {run_id, other}
    assert listed(None) == {run_id, other}


def test_a_deleted_run_lies_in_its_owners_bin_and_comes_back_with_its_step_and_owner(lab):
    run_id = owned(lab, steps=3)
    with on_behalf_of(OWNER):
        lab.rename(run_id, "precious")
        lab.delete(run_id)
        assert not lab.exists(run_id) and run_id in {run.state.run_id for run in lab.bin()}
    with on_behalf_of(STRANGER):
        assert run_id not in {run.state.run_id for run in lab.bin()}
        with pytest.raises(UnknownRun):
            lab.restore(run_id)
        assert "bin" in lab.cannot_make(run_id)
    with on_behalf_of(OWNER):
        lab.restore(run_id)
        assert lab.state(run_id).step == 3 and lab.name(run_id) == "precious" and lab.right(run_id) == Right.OWN
        lab.step(run_id)
    with on_behalf_of(STRANGER), pytest.raises(NotAllowed):
        lab.step(run_id)


def test_owner_and_steerers_outlive_the_server(tmp_path):
    for _ in range(2):
        lab = Lab(tmp_path, workers=1)
        runs = [run.state.run_id for run in lab.runs()]
        run_id = runs[0] if runs else owned(lab)
        until(lambda: lab.state(run_id).step == 1)  # noqa: B023
        with on_behalf_of(STRANGER):
            assert lab.right(run_id) == Right.WATCH and not lab.runs()
        with on_behalf_of(FRIEND):
            assert lab.right(run_id) == Right.STEER
        lab.close()
    (tmp_path / "runs.sqlite").write_bytes(b"")
    store = Store(tmp_path)
    (line,) = store.runs()
    store.close()
    assert line.state.access.owner == OWNER and line.state.access.steerers == (FRIEND,)


def test_a_line_without_an_owner_is_everybodys_and_a_damaged_one_is_nobodys_secret(tmp_path):
    store = Store(tmp_path)
    store.put(run_state(Access(OWNER, (FRIEND,), 2)))
    values = to_values(store._list.get("run00000"))
    store.close()
    assert from_values(values).state.access == Access(OWNER, (FRIEND,), 2)
    for name in ("owner", "steerers", "links"):
        del values[name]
    assert from_values(values).state.access == Access()


def run_state(access):
    from genlab.runtime.records import RunState

    return RunState("run00000", SMALL, RunStatus.PAUSED, 3, access=access)


# ---- tokens and links ------------------------------------------------------------------------------------------------


def test_a_token_says_who_holds_it_and_what_they_may_do(lab):
    run_id = owned(lab)
    for visitor in (OWNER, FRIEND, STRANGER):
        with on_behalf_of(visitor):
            assert lab.admits(run_id, lab.token(run_id)) == Pass(visitor, HAS[visitor])
    assert lab.admits(run_id, lab.token(run_id)) == Pass(None, Right.OWN)


def test_nobody_writes_a_better_token_than_they_were_given(lab):
    run_id = owned(lab)
    with on_behalf_of(STRANGER):
        right, visitor, signature = lab.token(run_id).split(".")
    assert lab.admits(run_id, f"{right}.{visitor}.{signature}")
    for forged in (f"3.{visitor}.{signature}", f"{right}.{OWNER}.{signature}", f"3..{signature}", signature, "", "…"):
        assert lab.admits(run_id, forged) is None


def test_a_link_that_was_taken_back_steers_nobody_any_more(lab):
    run_id = owned(lab)
    with on_behalf_of(OWNER):
        key = lab.steering_key(run_id)
        lab.take_back(run_id)
    with on_behalf_of(FRIEND):
        assert lab.right(run_id) == Right.WATCH and not lab.join(run_id, key)
        with pytest.raises(NotAllowed):
            lab.play(run_id)
    with on_behalf_of(OWNER):
        fresh = lab.steering_key(run_id)
    assert fresh != key
    with on_behalf_of(FRIEND):
        assert not lab.join(run_id, "") and not lab.join(run_id, key) and lab.join(run_id, fresh)
        lab.step(run_id)


def test_the_key_of_one_run_opens_no_other(lab):
    one, other = owned(lab), owned(lab)
    with on_behalf_of(OWNER):
        key = lab.steering_key(one)
    with on_behalf_of(STRANGER):
        assert not lab.join(other, key)


def test_who_was_let_do_less_does_less(lab):
    run_id = owned(lab)
    with on_behalf_of(OWNER, Right.WATCH), pytest.raises(NotAllowed):
        lab.play(run_id)


def test_pages_act_for_whoever_looks_at_them():
    assert acting() is None
    pages_act_for(lambda: FRIEND)
    try:
        assert acting() == FRIEND
        with on_behalf_of(OWNER):
            assert acting() == OWNER
    finally:
        pages_act_for(None)


# ---- identities ------------------------------------------------------------------------------------------------------


def test_a_cookie_is_read_by_the_home_that_signed_it_and_by_no_other(tmp_path):
    one, other = (Visitors(tmp_path, Seal(secret)) for secret in (b"1" * 32, b"2" * 32))
    cookie = one.new_cookie()
    visitor = one.read_cookie(cookie)
    assert is_visitor(visitor) and other.read_cookie(cookie) is None and one.cookie != other.cookie
    signature = cookie.rpartition(".")[2]
    for forged in ("", visitor, f"{OWNER}.{signature}", cookie[:-1], f"account.0000000000.{signature}", "a.b.c", "ü.1"):
        assert one.read_cookie(forged) is None


def test_names_are_chosen_trimmed_and_kept_and_without_one_everybody_is_an_animal(tmp_path):
    visitors = Visitors(tmp_path, Seal(b"1" * 32))
    assert visitors.name(OWNER) == animal(OWNER) == animal(OWNER) and visitors.chosen_name(OWNER) == ""
    visitors.call(OWNER, "  Ada \n Lovelace, " + "x" * 100)
    assert Visitors(tmp_path, Seal(b"1" * 32)).name(OWNER) == visitors.name(OWNER) == "Ada Lovelace, xxxxxxxxxx"
    visitors.call(OWNER, " ")
    assert visitors.name(OWNER) == animal(OWNER)
    (tmp_path / "visitors.json").write_text("[[")
    assert Visitors(tmp_path, Seal(b"1" * 32)).name(OWNER) == animal(OWNER)


def test_who_is_here_counts_each_visitor_once_whatever_they_have_open(tmp_path):
    visitors = Visitors(tmp_path, Seal(b"1" * 32))
    with visitors.present(OWNER), visitors.present(OWNER):
        assert visitors.here() == [OWNER] and visitors.are_alone()
        with visitors.present(FRIEND):
            assert not visitors.are_alone()
    assert visitors.here() == [] and visitors.are_alone()


def test_an_account_is_the_same_visitor_everywhere_and_a_tab_is_one_of_its_own():
    assert account_visitor("https://id.example", "7") == account_visitor("https://id.example", "7")
    assert account_visitor("https://id.example", "7") != account_visitor("https://id.example", "8")
    assert tab_visitor() != tab_visitor() and is_visitor(tab_visitor())


def test_a_refusal_is_a_command_that_failed():
    assert issubclass(NotAllowed, CommandFailed)


@pytest.mark.parametrize("deleted", [False, True])
def test_a_command_that_meets_a_run_just_let_go_of_opens_it_again_or_says_that_it_is_gone(lab, monkeypatch, deleted):
    """Between looking up who holds a run and telling them, another thread has it stopped or deleted."""
    run_id, find = owned(lab), lab._entry
    let_go = [lab.delete if deleted else lab.stop]

    def late(run_id, resume=True):
        entry = find(run_id, resume)
        if let_go:
            let_go.pop()(run_id)
            until(lambda: entry.host is None)
        return entry

    before = lab.state(run_id).step
    monkeypatch.setattr(lab, "_entry", late)
    if deleted:
        with pytest.raises(UnknownRun):
            lab.step(run_id)
    else:
        assert lab.step(run_id).step == before + 1
