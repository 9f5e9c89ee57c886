"""One look at one page: what axe says of WCAG A and AA, the console, the policy, the width."""

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

from tests.browser.watching import Watched

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN = """
async (levels) => {
  const found = await axe.run(document, {
    resultTypes: ['violations'], runOnly: {type: 'tag', values: levels},
  });
  return found.violations.map(one => one.id + ': ' + one.help + ' -- ' +
    one.nodes.slice(0, 3).map(node => node.html.slice(0, 160) + ' ' +
      (node.any[0] ? node.any[0].message : '')).join(' || '));
}
"""


@dataclass(frozen=True)
class Way:
    """How one looks: which screen, which colours, which language."""

    name: str
    size: dict[str, int]
    dark: bool = False
    language: str = "id"

    def context(self) -> dict[str, Any]:
        """What the browser's context is made with."""
        scheme = "dark" if self.dark else "light"
        # Smooth scrolling takes longer than the next press of Tab.
        return {"color_scheme": scheme, "reduced_motion": "reduce"}


def look(visit: Watched, url: str, name: str = "") -> int:
    """Open the page; what is wrong with it is added to `visit.problems`. The answer's status."""
    answer = visit.page.goto(url, wait_until="load")
    status = answer.status if answer else 0
    visit.check(name)
    for problem in axe(visit.page):
        visit.problems.append(f"{url}: axe: {problem}")
    return status


def axe(page: Any) -> list[str]:
    """What breaks WCAG 2.2 A or AA on the page as it stands."""
    page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_RUN, LEVELS)
    return found
