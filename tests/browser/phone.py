"""What a test asks the browser that no screen shows: has the app been put away, does something wait."""

from playwright.sync_api import Page

# Letters that wait are stored under `l` and their id (client/phone/app/README.md); file names are that in hex.
UNTIL = """async ([least, most]) => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("data", { create: true });
  for (const end = Date.now() + 90_000; Date.now() < end; ) {
    let count = 0;
    for await (const name of folder.keys()) if (name.startsWith("6c") && !name.endsWith(".crswap")) count++;
    if (count >= least && count <= most) return count;
    await new Promise((soon) => setTimeout(soon, 50));
  }
  throw new Error("letters wait that should not, or none where some should");
}"""
MANY = 1_000


def wait_until(page: Page, condition: str) -> None:
    """Until this expression is true in the page. (Playwright's own way needs an `eval` that the policy forbids.)"""
    page.evaluate(
        f"""async () => {{
          for (const end = Date.now() + 90_000; Date.now() < end; await new Promise((soon) => setTimeout(soon, 20)))
            if ({condition}) return;
          throw new Error("it never came to be");
        }}"""
    )


def wait_until_offline_copy(page: Page) -> None:
    """Until the app would start without a network."""
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")


def wait_until_stored(page: Page, letters: int = 1) -> None:
    """Until so many letters that have not left lie sealed on the phone."""
    page.evaluate(UNTIL, [letters, MANY])


def wait_until_nothing_waits(page: Page) -> None:
    """Until every letter has left: the relay's receipt is what it is removed for."""
    page.evaluate(UNTIL, [0, 0])
