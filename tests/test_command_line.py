import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from small_runs import same_state

from genlab.commands import main
from genlab.commands.train import write_history
from genlab.config import GANConfig
from genlab.data import points
from genlab.scenarios import SCENARIOS
from genlab.training import load_trainer, make_trainer

SMALL_GAN = ["train", "gan", "--generator-width", "8", "--critic-width", "8", "--batch-size", "16"]
SMALL_VAE = ["train", "vae", "--data", "line", "--width", "8", "--latent-dim", "3"]


@pytest.fixture
def saved(tmp_path):
    """A checkpoint of a GAN on points after 20 steps."""
    path = tmp_path / "run.safetensors"
    assert main([*SMALL_GAN, "--seed", "5", "--steps", "20", "--save", str(path)]) == 0
    return path


def run_command(*arguments, **more):
    return subprocess.run([sys.executable, "-m", "genlab", *arguments], capture_output=True, text=True, **more)


def refused(capsys, *arguments):
    """The one line that a bad command is answered with."""
    assert main(list(arguments)) == 2
    output = capsys.readouterr()
    assert output.out == "" and output.err.startswith("genlab: ") and output.err.count("\n") == 1
    return output.err


def test_training_writes_its_curves_and_a_checkpoint(tmp_path, capsys):
    metrics, save = tmp_path / "curves.csv", tmp_path / "run.safetensors"
    assert main([*SMALL_GAN, "--steps", "30", "--metrics", str(metrics), "--save", str(save)]) == 0
    rows = list(csv.DictReader(metrics.open(encoding="utf-8")))
    assert [float(row["step"]) for row in rows] == list(range(1, 31))
    trainer = load_trainer(save)
    assert trainer.step == 30 and trainer.config.generator_width == 8
    # Nine digits are enough to give a float32 back exactly.
    assert np.float32([row["critic_loss"] for row in rows]) == pytest.approx(trainer.history()["critic_loss"], abs=0)
    *_, progress, diagnosis = capsys.readouterr().err.splitlines()
    assert "step 30 of 30" in progress
    assert diagnosis == "genlab: warming up: Step 30: judged from step 400 on."


def test_progress_into_a_file_is_about_ten_lines(capsys):
    assert main([*SMALL_GAN, "--steps", "200"]) == 0
    output = capsys.readouterr()
    # And the diagnosis.
    assert output.out == "" and 2 <= output.err.count("\n") <= 12


def test_the_kl_of_each_latent_has_its_own_column(tmp_path):
    metrics = tmp_path / "curves.csv"
    assert main([*SMALL_VAE, "--steps", "3", "--metrics", str(metrics)]) == 0
    row = list(csv.DictReader(metrics.open(encoding="utf-8")))[-1]
    parts = [float(row[f"kl_{i}"]) for i in (1, 2, 3)]
    assert sum(parts) == pytest.approx(float(row["kl"]), rel=1e-5) and "kl_4" not in row


def test_the_same_seed_gives_the_same_curves(tmp_path):
    files = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for file, seed in zip(files, ("1", "1", "2"), strict=True):
        assert main([*SMALL_GAN, "--steps", "5", "--seed", seed, "--metrics", str(file)]) == 0
    losses = [[row["critic_loss"] for row in csv.DictReader(file.open(encoding="utf-8"))] for file in files]
    assert losses[0] == losses[1] != losses[2]


def test_a_run_that_diverges_says_where_and_keeps_its_curves(tmp_path, capsys):
    metrics = tmp_path / "curves.csv"
    wild = ["--objective", "lsgan", "--critic-optimizer", "sgd", "--critic-learning-rate", "1", "--r1-weight", "100"]
    assert main([*SMALL_GAN, *wild, "--steps", "5000", "--metrics", str(metrics)]) == 1
    rows = list(csv.DictReader(metrics.open(encoding="utf-8")))
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"genlab: diverged at step {rows[-1]['step']}: ")
    assert {"", "inf", "-inf"} & set(rows[-1].values())


def test_what_is_not_a_number_stays_blank(tmp_path):
    file = tmp_path / "curves.csv"
    write_history({"step": np.array([1.0, 2.0]), "kl": np.array([np.nan, 0.25], np.float32)}, file)
    assert file.read_text().split() == ["step,kl", "1,", "2,0.25"]


def test_samples_of_points_come_as_picture_array_and_table(saved, tmp_path):
    for suffix in (".png", ".npz", ".csv"):
        assert main(["sample", str(saved), "-n", "40", "-o", str(tmp_path / f"s{suffix}")]) == 0
    samples = np.load(tmp_path / "s.npz")["samples"]
    assert samples.shape == (40, 2)
    table = np.loadtxt(tmp_path / "s.csv", delimiter=",", skiprows=1, dtype=np.float32)
    assert (table == samples).all()
    assert (samples == load_trainer(saved).sample(40)).all()


def test_a_scatter_picture_shows_each_point_at_its_place(saved, tmp_path):
    picture_file, array_file = tmp_path / "s.png", tmp_path / "s.npz"
    for file in (picture_file, array_file):
        assert main(["sample", str(saved), "-n", "1", "--seed", "3", "-o", str(file)]) == 0
    (x, y), extent = np.load(array_file)["samples"][0], points("ring8_soft").extent
    picture = np.asarray(Image.open(picture_file).convert("RGB")).astype(int)
    rows, columns = np.nonzero((picture == [0xD5, 0x5E, 0x00]).all(axis=2))
    side = picture.shape[0]
    assert columns.mean() / side * 2 - 1 == pytest.approx(x / extent, abs=2 / side)
    assert 1 - rows.mean() / side * 2 == pytest.approx(y / extent, abs=2 / side)


def test_samples_of_images_are_a_mosaic(tmp_path):
    save, picture, table = (tmp_path / name for name in ("run.safetensors", "s.png", "s.csv"))
    assert main(["train", "vae", "--width", "8", "--steps", "2", "--save", str(save)]) == 0
    assert main(["sample", str(save), "-n", "5", "-o", str(picture)]) == 0
    assert main(["sample", str(save), "-n", "5", "-o", str(table)]) == 0
    mosaic = np.asarray(Image.open(picture))
    # Five pictures fill two rows of three: 2·56 + 3·2 by 3·56 + 4·2 pixels; the sixth place stays grey.
    assert mosaic.shape == (118, 176)
    assert (mosaic[60:116, 118:174] == 128).all()
    pixels = np.loadtxt(table, delimiter=",", skiprows=1).reshape(5, 28, 28)
    assert mosaic[2:58:2, 2:58:2] == pytest.approx(pixels[0] * 255, abs=0.51)


def test_without_a_name_the_scenarios_are_listed(capsys):
    assert main(["scenario"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(SCENARIOS)


@pytest.mark.slow
def test_a_scenario_prints_one_line_of_json(capsys):
    assert main(["scenario", "wgan_unclipped", "--seed", "101"]) == 0
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    outcome = json.loads(output)
    assert outcome["name"] == "wgan_unclipped" and outcome["seed"] == 101
    assert outcome["claim"] == SCENARIOS["wgan_unclipped"].claim
    assert outcome["holds"] is True and set(outcome["figures"]) == {"|estimate|/exact"}


@pytest.mark.slow
def test_a_scenarios_cured_twin_is_put_to_the_same_check(capsys):
    assert main(["scenario", "wgan_flipped_sign", "--cured", "--seed", "101"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["holds"] is True and outcome["cured"]["holds"] is False
    assert outcome["cured"]["cure"] == {"mistake": "none"}
    assert outcome["cured"]["figures"].keys() == outcome["figures"].keys()
    assert outcome["cured"]["cured_claim_holds"] is True and "cured_claim_holds" not in outcome


@pytest.mark.slow
def test_a_report_on_many_seeds_is_one_line_of_json_for_each_scenario(tmp_path):
    file = tmp_path / "report.jsonl"
    # As a command of its own, because its processes find nothing that stands in the module of the command line.
    done = run_command("scenario", "wgan_flipped_sign", "--seeds", "1", "--first", "101", "-o", str(file))
    assert done.returncode == 0, done.stderr
    (line,) = file.read_text(encoding="utf-8").splitlines()
    summary = json.loads(line)
    assert summary["name"] == "wgan_flipped_sign" and summary["seeds"] == [101]
    assert summary["holds"] == 1 and summary["cured_holds"] == 0
    assert done.stdout == "" and "2 of 2  cured wgan_flipped_sign  seed 101  step 200: does not hold" in done.stderr


def test_a_report_whose_process_is_killed_keeps_its_lines_and_says_so(monkeypatch, capsys):
    def broken(scenarios, seeds, make_trainer, executor, tell, times):
        yield {"name": scenarios[0].name}
        executor.submit(os._exit, 1).result()

    monkeypatch.setattr("genlab.scenarios.report", broken)
    assert main(["scenario", "--all", "--seeds", "1"]) == 130
    output = capsys.readouterr()
    assert json.loads(output.out) == {"name": next(iter(SCENARIOS))}
    assert output.err.startswith("genlab: a process of the report was killed") and output.err.count("\n") == 1


def test_live_changes_of_the_command_line_are_those_of_a_hand(tmp_path):
    save = tmp_path / "run.safetensors"
    changes = ["--change", "6 n_critic=3", "--change", "2 r1_weight=0.1 clip=off"]
    assert main([*SMALL_GAN, "--steps", "9", *changes, "--save", str(save)]) == 0
    by_hand = make_trainer(GANConfig(generator_width=8, critic_width=8, batch_size=16))
    for steps, settings in ((2, {"r1_weight": 0.1, "clip": None}), (4, {"n_critic": 3}), (3, {})):
        by_hand.advance(steps)
        by_hand.apply(**settings)
    assert same_state(load_trainer(save), by_hand)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["paint"], "paint"),
        (["train", "gan"], "--steps"),
        (["train", "diffusion", "--steps", "3"], "diffusion"),
        ([*SMALL_GAN, "--steps", "0"], "0: allowed is a whole number from 1"),
        ([*SMALL_GAN, "--steps", "many"], "many: allowed is a whole number"),
        ([*SMALL_GAN, "--steps", "3", "--colour", "red"], "--colour: unknown"),
        ([*SMALL_GAN, "--steps", "3", "--n-critic", "200"], "n_critic = 200: allowed is a whole number from 1 to 100"),
        ([*SMALL_GAN, "--steps", "3", "--clip", "wide"], "clip = wide: allowed is 0.0005 to 1, or off"),
        ([*SMALL_GAN, "--steps", "3", "--beta", "2"], "--beta: unknown"),
        ([*SMALL_GAN, "--steps", "3", "--clip"], "--clip"),
        ([*SMALL_GAN, "--steps", "3", "--network", "conv"], "network = conv"),
        ([*SMALL_GAN, "--steps", "3", "--device", "abacus"], "device = abacus: allowed here is cpu"),
        ([*SMALL_GAN, "--steps", "3", "--device", "meta"], "device = meta: allowed here is cpu"),
        ([*SMALL_GAN, "--steps", "3", "--save", "nowhere/run.safetensors"], "there is no folder nowhere"),
        ([*SMALL_GAN, "--steps", "3", "--metrics", "."], "is a folder"),
        ([*SMALL_GAN, "--steps", "9", "--change", "soon clip=off"], "soon clip=off: allowed is a step and settings"),
        ([*SMALL_GAN, "--steps", "9", "--change", "3"], "3: allowed is a step and settings"),
        ([*SMALL_GAN, "--steps", "9", "--change", "9 clip=off"], "--change 9: allowed is a step before 9"),
        ([*SMALL_GAN, "--steps", "9", "--change", "3 clip=wide"], "clip = wide: allowed is 0.0005 to 1, or off"),
        ([*SMALL_GAN, "--steps", "9", "--change", "3 noise_dim=8"], "noise_dim = 8: a running model cannot change it"),
        (["scenario", "gan_flies"], "scenario = gan_flies: allowed is vae_digits, "),
        (["scenario", "gan_ring", "--seed", "-1"], "-1: allowed is a whole number from 0"),
        (["scenario", "gan_ring", "--cured"], "gan_ring works as it is and has no cured twin"),
        (["scenario", "gan_ring", "--all"], "scenario = gan_ring: --all runs every scenario"),
        (["scenario", "--all", "--seeds", "0"], "0: allowed is a whole number from 1"),
        (["scenario", "--all", "--seed", "3"], "--seed: has no meaning with --all or --seeds"),
        (["scenario", "gan_ring", "--first", "3"], "--first: has no meaning without --all or --seeds"),
        (["scenario", "gan_ring", "--times", "4"], "--times: has no meaning without --all or --seeds"),
        (["scenario", "--all", "--times", "0"], "0: allowed is a whole number from 1 to 100"),
        (["scenario", "--cured"], "--cured: has no meaning without NAME"),
        (["scenario", "--all", "-o", "nowhere/report.jsonl"], "there is no folder nowhere"),
        (["sample", "missing.safetensors", "-o", "s.png"], "missing.safetensors cannot be read"),
    ],
)
def test_bad_input_is_answered_with_one_line_and_status_2(capsys, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    assert told in refused(capsys, *arguments)


def test_a_broken_checkpoint_or_a_strange_output_is_answered_with_one_line(saved, capsys):
    capsys.readouterr()
    broken = saved.with_name("broken.safetensors")
    broken.write_bytes(saved.read_bytes()[:-100])
    output = str(saved.with_name("s.png"))
    assert "broken.safetensors is damaged" in refused(capsys, "sample", str(broken), "-o", output)
    assert "s.gif: allowed is a name that ends in .png" in refused(capsys, "sample", str(saved), "-o", "s.gif")
    assert "-n: 0: allowed" in refused(capsys, "sample", str(saved), "-n", "0", "-o", output)
    assert not saved.with_name("s.png").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_answered_with_one_line(capsys):
    assert main([*SMALL_GAN, "--steps", "3", "--metrics", "/dev/full"]) == 2
    assert "No space left" in capsys.readouterr().err.splitlines()[-1]


def test_images_that_cannot_be_had_are_told_in_one_line(tmp_path, monkeypatch, capsys):
    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("socket.getaddrinfo", no_network)
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    line = refused(capsys, "train", "vae", "--data", "fashion_mnist", "--steps", "1")
    assert "FashionMNIST is not in" in line and "no network" in line


def test_help_and_lists_come_without_torch():
    code = (
        "import sys\n"
        "from genlab.commands import main\n"
        "main(['scenario'])\n"
        "try: main(['train', 'gan', '--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert main(['train', 'gan', '--steps', '1', '--n_critic', '0']) == 2\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--n_critic VALUE" in done.stdout


def test_a_reader_that_leaves_early_causes_no_traceback():
    code = "import sys; from genlab.commands import main; sys.stdout.close = lambda: None; sys.exit(main(['scenario']))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-u", "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert done.returncode == 0 and done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_cleanly_and_keeps_what_was_trained(tmp_path):
    metrics, save = tmp_path / "curves.csv", tmp_path / "run.safetensors"
    command = [*SMALL_GAN, "--steps", "2000000", "--metrics", str(metrics), "--save", str(save)]
    code = (
        "import os, signal, sys, threading\n"
        "from genlab.commands import main, train\n"
        "advance = train._advance\n"
        "def soon(*arguments):\n"
        "    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    advance(*arguments)\n"
        "train._advance = soon\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines()[-1].startswith("genlab: interrupted at step ")
    trained = load_trainer(save)
    assert 0 < trained.step < 2_000_000
    assert float(list(csv.DictReader(metrics.open(encoding="utf-8")))[-1]["step"]) == trained.step


def test_the_module_runs_as_a_command():
    done = run_command("train", "vae", "--data", "line", "--width", "4", "--steps", "2")
    assert done.returncode == 0 and "step 2 of 2" in done.stderr
    done = run_command("train", "vae", "--steps", "2", "--data", "cats")
    assert done.returncode == 2
    assert done.stderr.startswith("genlab: data = cats: allowed is mnist, ") and done.stderr.count("\n") == 1
