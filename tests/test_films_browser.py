"""What is taken away from a run in a browser: films of a panel over the time line, and the whole page as a picture."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from tabs import SECONDS, Lab
from test_runs_page import choose, go_to_runs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

SMALL = "gan?generator_width=8&critic_width=8&batch_size=32&seed=5"
SLIDE = (1200, 900)


def trained(page, server) -> Lab:
    """A run that rests at step 450 with the snapshots of its first steps and every two hundred behind it."""
    lab = Lab(page, server.url).open(SMALL)
    lab.page.evaluate("window.genlab.hand.order({ do: 'play', until: 450 })")
    lab.wait("h.step === 450 && h.status === 'paused' && h.timeline.filter(step => step < h.step).length >= 4")
    return lab


def take(lab, panel: str, item: str) -> bytes:
    """The file that an entry of a panel's menu gives."""
    area = lab.page.locator(".area", has=lab.page.locator(f'[data-panel="{panel}"]'))
    area.locator("details.menu > summary[title=More]").click()
    with lab.page.expect_download(timeout=SECONDS) as waited:
        area.get_by_role("button", name=item, exact=True).click()
    return waited.value.path().read_bytes()


def stops(lab) -> int:
    """Snapshots before the present, and the present."""
    return lab.page.evaluate("window.genlab.header.timeline.filter(s => s < window.genlab.header.step).length + 1")


def blocks(webm: bytes) -> int:
    """How many frames a WebM holds: its blocks, found by walking through the elements of Matroska."""

    def number(at: int, keep: bool) -> tuple[int, int]:
        length = 9 - webm[at].bit_length()
        value = int.from_bytes(webm[at : at + length]) - (0 if keep else 1 << 7 * length)
        return (-1 if not keep and value == (1 << 7 * length) - 1 else value), at + length

    found, at = 0, 0
    while at < len(webm):
        kind, at = number(at, True)
        size, at = number(at, False)
        # Segment, Cluster and BlockGroup are walked into; a recorder writes no size for the first two.
        if kind in (0x18538067, 0x1F43B675, 0xA0):
            continue
        # SimpleBlock, or the Block of a group.
        found += kind in (0xA3, 0xA1)
        at += size
    return found


def test_a_film_as_a_gif_has_a_picture_for_each_snapshot_and_one_for_now(page, server):
    lab = trained(page, server)
    with lab.errors_forbidden():
        count, step = stops(lab), lab.header("step")
        film = Image.open(io.BytesIO(take(lab, "plane", "Film (GIF)")))
        assert film.size == SLIDE and film.n_frames == count
        # The points move: no picture is the one before it.
        frames = []
        for number in range(count):
            film.seek(number)
            frames.append(np.asarray(film.convert("L"), int)[150:])
        assert all((np.abs(a - b) > 60).sum() > 50 for a, b in zip(frames, frames[1:], strict=False))
        # One is back at the present, and it is told what was made.
        lab.wait("h.looking === null && h.step === v[0]", step)
        lab.wait("document.querySelector('.genlab-live .said').textContent.includes(v[0])", f"{count} pictures.")


def test_a_film_as_video_is_opened_by_the_browser_and_has_its_pictures(page, server):
    lab = trained(page, server)
    with lab.errors_forbidden():
        count = stops(lab)
        film = take(lab, "plane", "Film (WebM)")
        # The recorder may write the last picture again when it ends.
        assert count <= blocks(film) <= count + 2
        shown = lab.page.evaluate(
            """async bytes => {
                const video = document.createElement("video");
                video.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: "video/webm" }));
                video.muted = true;
                await new Promise((done, fail) => {
                    video.onloadeddata = done;
                    video.onerror = () => fail(video.error);
                });
                return [video.videoWidth, video.videoHeight, video.duration];
            }""",
            list(film),
        )
        assert tuple(shown[:2]) == SLIDE
        # Each stands for .4 seconds at least, and the last one for 1.6, up to what a browser rounds.
        assert shown[2] > 0.4 * (count - 1) + 1.3


def filmed_on(lab, pictures: int, every: int):
    """The menu of the plane, set to a film from here on."""
    area = lab.page.locator(".area", has=lab.page.locator('[data-panel="plane"]'))
    area.locator("details.menu > summary[title=More]").click()
    area.get_by_label("What is filmed").select_option("from here on")
    area.get_by_label("Pictures of the film").fill(str(pictures))
    area.get_by_label("Steps between two pictures").fill(str(every))
    return area


def test_a_film_from_here_on_has_a_picture_every_so_many_steps(page, server):
    lab = Lab(page, server.url).open(SMALL)
    with lab.errors_forbidden():
        area = filmed_on(lab, 4, 30)
        with page.expect_download(timeout=SECONDS) as waited:
            area.get_by_role("button", name="Film (GIF)", exact=True).click()
        film = Image.open(waited.value.path())
        assert film.size == SLIDE and film.n_frames == 4
        assert waited.value.suggested_filename == "genlab-gan-film-plane-step90.gif"
        lab.wait("h.step === 90 && h.status === 'paused'")


def test_of_a_run_one_film_is_made_at_a_time_and_escape_ends_it(page, server):
    lab = Lab(page, server.url).open(SMALL)
    with lab.errors_forbidden():
        # On whatever machine it is far from its end when it is ended.
        area = filmed_on(lab, 60, 300)
        area.get_by_role("button", name="Film (WebM)", exact=True).click()
        lab.wait("h.step > 0")
        area.get_by_role("button", name="Film (GIF)", exact=True).click()
        page.get_by_text("This run is being filmed already").wait_for(timeout=SECONDS)
        # It is still said when the film has come further.
        step = lab.header("step")
        notes = "[...document.querySelectorAll('.note-of')].filter(n => n.checkVisibility()).map(n => n.textContent)"
        further = "Number(/Film: picture (\\d+) of 60/.exec(all.join())?.[1]) > v[0] / 300 + 2"
        lab.wait(f"(all => all.some(n => n.includes('filmed already')) && {further})({notes})", step)
        page.keyboard.press("Escape")
        page.get_by_text("No film was made: it was ended.").wait_for(timeout=SECONDS)
        lab.wait(f"!{notes}.join().includes('Film: picture')")


def test_a_run_that_is_deleted_while_it_is_filmed_ends_the_film_in_one_line(page, server):
    lab = Lab(page, server.url).open(SMALL)
    # It is far from its end however long the list of runs takes to come.
    area = filmed_on(lab, 60, 1000)
    area.get_by_role("button", name="Film (WebM)", exact=True).click()
    lab.wait("h.step > 0")
    other = Lab(page.context.new_page(), server.url)
    go_to_runs(other)
    choose(other, 0)
    other.page.get_by_role("button", name="Delete").click()
    other.page.get_by_role("dialog").get_by_role("button", name="Delete this run").click()
    page.get_by_text("No film was made").wait_for(timeout=SECONDS)


def test_a_film_that_a_server_that_is_gone_should_write_says_so(page, server):
    lab = Lab(page, server.url).open(SMALL)
    lab.press("Play")
    lab.wait("h.timeline.length > 2")
    lab.pause()
    page.route("**/live/film?**", lambda route: route.abort())
    area = lab.page.locator(".area", has=lab.page.locator('[data-panel="plane"]'))
    area.locator("details.menu > summary[title=More]").click()
    area.get_by_role("button", name="Film (GIF)").click()
    lab.page.get_by_text("No film was made: the server does not answer").wait_for(timeout=SECONDS)
    page.unroute("**/live/film?**")


def test_a_run_without_a_past_says_why_there_is_no_film(page, server):
    lab = Lab(page, server.url).open(SMALL)
    with lab.errors_forbidden():
        area = lab.page.locator(".area", has=lab.page.locator('[data-panel="plane"]'))
        area.locator("details.menu > summary[title=More]").click()
        area.get_by_role("button", name="Film (GIF)").click()
        lab.page.get_by_text("No film was made: there is no past yet").wait_for(timeout=SECONDS)


@pytest.mark.parametrize("address", [SMALL, "vae?width=16"])
def test_the_whole_page_is_one_picture_with_every_panel_that_is_seen(page, server, address):
    lab = Lab(page, server.url).open(address)
    with lab.errors_forbidden():
        lab.press("One step")
        lab.wait("h.step === 1 && h.status === 'paused' && lab.root.dataset.step === '1'")
        # All is drawn, and nothing has moved for a while: places that are read later are those of the picture.
        lab.wait(
            "(figures => { const areas = [...document.querySelectorAll('.genlab-live .area')];"
            " const places = JSON.stringify(areas.map(area => area.getBoundingClientRect()));"
            " window.same = places === window.places ? window.same + 1 : 0; window.places = places;"
            " return figures.length > 1 && figures.every(one => one._fullLayout) && window.same > 30; })"
            "([...document.querySelectorAll('.js-plotly-plot')].filter(one => one.offsetWidth))"
        )
        panel = "plane" if address == SMALL else "latent"
        picture = Image.open(io.BytesIO(take(lab, panel, "Whole page (PNG)"))).convert("L")
        assert picture.width == 1920 and 700 < picture.height < 2400
        places = lab.page.evaluate(
            """() => {
                const { room } = window.genlab;
                const seen = [...room.areas.values()].filter(({ current }) => current && room.sees(current));
                const boxes = seen.map(({ node }) => node.getBoundingClientRect());
                const [left, top] = ["left", "top"].map(side => Math.min(...boxes.map(box => box[side])));
                const right = Math.max(...boxes.map(box => box.right));
                const shares = box => [box.left - left, box.top - top, box.width, box.height];
                return boxes.map(box => shares(box).map(x => x / (right - left)));
            }"""
        )
        assert len(places) >= 3
        pixels = np.asarray(picture, int)
        paper, head = pixels[0, 0], picture.height - 1920 * max(y + h for _, y, _, h in places)
        # Title and set-up stand above; every panel has its place filled, with its title at the top of it.
        assert (np.abs(pixels[: int(head)] - paper) > 80).sum() > 500
        for x, y, width, height in places:
            top, left = int(head + 1920 * y), int(1920 * x)
            part = pixels[top : int(top + 1920 * height), left : int(left + 1920 * width)]
            inked = np.abs(part - paper) > 80
            assert inked.mean() > 0.004 and inked[:45].sum() > 60


def test_the_panel_of_one_example_is_in_the_picture_too(page, server):
    lab = Lab(page, server.url).open("vae?width=16")
    with lab.errors_forbidden():
        lab.press("One step")
        lab.wait("h.step === 1 && h.status === 'paused'")
        page.evaluate("window.genlab.room.reveal('posterior')")
        page.wait_for_function("() => window.genlab.arrays['posterior.about']", timeout=SECONDS)
        size = {"width": 600, "height": 400, "letter": 20, "small": 18}
        source = page.evaluate(
            """async size => {
                await window.genlab.panels.get("posterior").draw();
                return (await window.genlab.panels.get("posterior").picture(size, false)).toDataURL();
            }""",
            size,
        )
        picture = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("L")
        pixels = np.asarray(picture, int)
        inked = np.abs(pixels - pixels[0, 0]) > 80
        # x at the left, its numbers at the right.
        assert picture.size == (600, 400) and inked[60:, :200].sum() > 100 and inked[60:, 230:].sum() > 300
