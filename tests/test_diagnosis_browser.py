"""The diagnosis beside the run bar, read and taken up in Chromium."""

import pytest
from tabs import SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_a_collapsed_posterior_is_named_explained_and_cured_from_its_card(lab):
    lab.open("vae?data=line&width=8&batch_size=16&beta=1000")
    card = lab.page.locator(".happening")

    def says(name, calm):
        # What a frame brings is drawn a moment after it.
        drawn = card.and_(lab.page.locator(f"[data-calm={calm}]")).locator("[role=status]")
        drawn.filter(has_text=name).wait_for(timeout=SECONDS)

    card.wait_for(state="hidden", timeout=SECONDS)  # before its first step a run does nothing that could have a name
    lab.press("Play")
    lab.wait("h.diagnosis.name === 'posterior collapse'")
    lab.pause()
    says("posterior collapse", "false")

    # By keyboard alone: open, see the latents and today's numbers, walk to the proposal, take it up.
    summary = card.locator("summary")
    summary.focus()
    lab.page.keyboard.press("Enter")
    lab.wait("document.querySelector('.happening .card').innerText.includes(h.diagnosis.saw)")
    assert lab.header("diagnosis.saw").startswith("KL of latents 1 and 2 of 2: at most ")
    assert card.get_by_text("A latent pays β = 1000 nats").is_visible()
    link = card.get_by_role("link")
    assert link.get_attribute("href") == "/evidence" and link.get_attribute("target") == "_blank"
    within = "() => { const r = document.querySelector('.happening .card').getBoundingClientRect();"
    # It is moved into the window before the frame that shows it is painted.
    inside = f"{within} return r.width > 0 && r.left >= 0 && r.right <= innerWidth && r.bottom <= innerHeight; }}"
    lab.page.wait_for_function(inside, timeout=SECONDS)
    # And beside the page's scroll bar: under it the page would scroll sideways.
    main = "document.querySelector('[data-testid=stMain]')"
    assert lab.page.evaluate(f"() => {main}.scrollWidth - {main}.clientWidth") == 0
    lab.page.keyboard.press("Tab")
    assert lab.page.evaluate("() => document.activeElement.textContent") == "KL weight β = 1"
    lab.page.keyboard.press("Enter")
    lab.wait("h.config.beta === 1")

    # The settings beside and the address follow, and a run that was just changed is judged anew.
    lab.page.wait_for_function(
        "() => document.querySelector('[data-setting=beta] .box').value === '1'", timeout=SECONDS
    )
    lab.page.wait_for_function("() => !location.search.includes('beta')", timeout=SECONDS)
    says("warming up", "true")
    lab.page.keyboard.press("Escape")
    assert card.get_attribute("open") is None
