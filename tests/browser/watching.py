"""A browser page that notes what goes wrong behind the visitor's back."""

from pathlib import Path
from typing import Any

# Runs before every page's own scripts.
LISTEN = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', function (event) {
  window.__violations.push(event.violatedDirective + ' ' + event.blockedURI);
});
"""
# The innermost of what reaches beyond the right edge.
WIDEST = """
() => [...document.querySelectorAll('body *')].filter(
  one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
).map(one => one.outerHTML.slice(0, 120)).at(-1)
"""
# A preview that a newer one replaces is given up; a real failure says htmx:sendError besides.
GIVEN_UP = ("htmx:afterRequest", "htmx:sendAbort")


class Watched:
    """One page in a context of its own. `problems` must be empty in the end."""

    def __init__(self, context: Any, shots: Path, home: str) -> None:
        self.context, self.shots, self.home = context, shots, home
        self.problems: list[str] = []
        self.expected: tuple[str, ...] = ()
        context.add_init_script(LISTEN)
        self.page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))

    def _console(self, message: Any) -> None:
        known = any(text in message.text for text in (*self.expected, *GIVEN_UP))
        if not self.page.url.startswith(self.home):
            return  # the simulated pay page is another site
        if message.type in {"error", "warning"} and not known:
            self.problems.append(f"{self.page.url}: {message.type}: {message.text}")

    def check(self, name: str = "") -> None:
        """No violation on this page, nothing wider than the screen; a screenshot when named."""
        found = self.page.evaluate("window.__violations || []")
        self.problems += [f"{self.page.url}: policy: {text}" for text in found]
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            last = self.page.evaluate(WIDEST)
            self.problems.append(f"{self.page.url}: {wide} px wider than the screen: {last}")
        if name:
            # Hiding the caret would be an inline style, which the policy blocks and reports.
            self.page.screenshot(
                path=str(self.shots / f"{name}.png"), full_page=True, caret="initial"
            )
