"""From a run to the same set-up on several seeds, in a browser."""

import pytest
from tabs import SECONDS, Lab, traces

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_a_set_up_is_put_on_four_seeds_and_its_bands_are_drawn(page, server):
    lab = Lab(page, server.url).open("gan?generator_width=8&critic_width=8&batch_size=32&seed=5")
    with lab.errors_forbidden():
        lab.press("N seeds")
        page.get_by_test_id("stButtonGroup").get_by_text("4", exact=True).click()
        steps = page.get_by_role("spinbutton", name="Steps", exact=True)
        steps.fill("100")
        steps.press("Tab")
        page.get_by_role("button", name="Train them").click()
        page.wait_for_url("**/map?*", timeout=SECONDS)
        lab.ready()
        assert "x=seed%3A5%3A8%3A4" in page.url or "x=seed:5:8:4" in page.url
        lab.wait("h.info.progress === 1 && (h.diagnosis?.name ?? '').endsWith('of 4 seeds')")
        page.get_by_role("tab", name="Discriminator loss").click()
        page.wait_for_selector('[data-panel="band-critic_loss"] .js-plotly-plot', timeout=SECONDS)
        page.wait_for_function(f"() => JSON.parse({traces('band-critic_loss')})[2][0].length > 10", timeout=SECONDS)
        low, high, middle = page.evaluate(f"JSON.parse({traces('band-critic_loss')})")
        assert len(low[0]) == len(high[0]) == len(middle[0])
        assert all(a <= b + 1e-6 and b <= c + 1e-6 for a, b, c in zip(low[1], middle[1], high[1], strict=True))

        # The first seed stands for the others until another one is chosen; no frame follows, and the curves stay.
        lab.wait("lab.root.dataset.cell === '0'")
        page.locator('[data-panel="map"] [role=application], [data-panel="map"] .js-plotly-plot').first.focus()
        page.keyboard.press("ArrowRight")
        lab.wait("lab.root.dataset.cell === '1'")
        page.get_by_role("tab", name="Exact W₁").click()
        page.wait_for_selector('[data-panel="band-wasserstein_exact"] .js-plotly-plot', timeout=SECONDS)
        page.wait_for_function(
            f"() => {{ const all = JSON.parse({traces('band-wasserstein_exact')});"
            " return all.length === 1 && all[0][0][0] === 0 && all[0][0].at(-1) === 100"
            " && document.querySelector('[data-panel=\"band-wasserstein_exact\"] .nothing').hidden; }",
            timeout=SECONDS,
        )


def test_a_station_s_set_up_is_put_on_its_seeds_and_one_comes_back_to_it(page, server):
    lab = Lab(page, server.url)
    page.goto(f"{server.url}/gan?lesson=lecture&station=gradient-penalty")
    with lab.errors_forbidden():
        page.get_by_role("button", name="On 8 seeds").click()
        page.wait_for_url("**/map?*", timeout=SECONDS)
        lab.ready()
        # Until the step at which the claim of the station's demonstration is judged.
        assert "steps=400" in page.url and "seed%3A0%3A7%3A8" in page.url.replace(":", "%3A")
        lab.wait("h.step > 0")
        page.get_by_role("button", name="Back to the station").click()
        page.wait_for_url("**/gan?*", timeout=SECONDS)
        page.get_by_text("No weight is cut").wait_for(timeout=SECONDS)
