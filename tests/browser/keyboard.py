"""A page by the keyboard alone: what Tab reaches, in which order, and whether one sees where."""

from typing import Any

_COUNT = """
() => {
  const radios = new Set();
  window.__left = new Set([...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary'
  )].filter(one => {
    if (one.disabled || one.tabIndex < 0 || one.closest('[inert]')) return false;
    if (!one.checkVisibility({visibilityProperty: true, opacityProperty: false})) return false;
    if (one.type !== 'radio') return true;
    const group = one.name + (one.form ? one.form.action : '');
    if (radios.has(group)) return false;
    radios.add(group);
    return true;
  }));
  window.__radios = new Set();
  return window.__left.size;
}
"""
_HERE = """
() => {
  const one = document.activeElement;
  if (!one || one === document.body || one === document.documentElement) return null;
  if (one.type === 'radio')
    for (const left of [...window.__left])
      if (left.type === 'radio' && left.name === one.name && left.form === one.form)
        window.__left.delete(left);
  window.__left.delete(one);
  const shown = (two) => {
    if (!two) return false;
    const style = getComputedStyle(two);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)
      || style.boxShadow !== 'none';
  };
  const box = one.getBoundingClientRect();
  const near = [one, one.closest('label'), ...(one.labels || [])];
  return {
    what: one.outerHTML.slice(0, 120),
    seen: near.some(shown),
    inside: box.bottom > 0 && box.top < innerHeight,
    first: one === window.__first,
  };
}
"""


def walk(page: Any, most: int = 400) -> list[str]:
    """Press Tab through the page; what is wrong with it, in words."""
    wrong: list[str] = []
    # From the top, also where a field has the focus by itself.
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); scrollTo(0, 0); }")
    page.evaluate(_COUNT)
    for number in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(_HERE)
        if here is None or here["first"]:
            break
        if number == 0:
            page.evaluate("() => { window.__first = document.activeElement; }")
        if not here["seen"]:
            wrong.append(f"focus is not seen on {here['what']}")
        if not here["inside"]:
            wrong.append(f"focus is out of sight on {here['what']}")
    left: list[str] = page.evaluate(
        "() => [...window.__left].map(one => one.outerHTML.slice(0, 120))"
    )
    return wrong + [f"Tab does not reach {one}" for one in left]
