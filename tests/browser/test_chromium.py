"""A browser starts and runs scripts: when this fails, run `make test`, which installs one."""

from playwright.sync_api import Page, expect


def test_a_page_runs_its_script(page: Page) -> None:
    page.set_content("<p id='rank'></p><script>rank.textContent = 1 + 1</script>")

    expect(page.locator("#rank")).to_have_text("2")
