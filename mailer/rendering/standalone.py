"""Pages that stand alone (a proof, a report, previews): in the publication's own look, with their
stylesheet inside, loading nothing.
"""

from functools import lru_cache

import jinja2

from mailer.rendering.look import READABLE, Look, Palette, readable
from recommender import resources

DANGER = "#a4161a"
"""Of a button that cannot be undone, and of errors; made readable on the sheet of each palette."""


@lru_cache(maxsize=8)
def stylesheet(look: Look) -> str:
    """``pages.css`` after the variables it uses."""
    rules = (resources.folder("templates") / "web" / "static" / "pages.css").read_text("utf-8")
    fonts = f"--font: {look.font}; --labels: {look.label_font};"
    return (
        f":root {{ color-scheme: light dark; {fonts} {_variables(look.light)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(look.dark)} }} }}\n{rules}"
    )


def _variables(palette: Palette) -> str:
    values = {name: getattr(palette, name) for name in Palette.__dataclass_fields__}
    values["danger"] = readable(DANGER, (palette.sheet, palette.box), READABLE)
    return " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in values.items())


def page(template: str, look: Look, **values: object) -> str:
    """``templates/web/<template>`` filled in, which extends ``standalone.html``."""
    return _environment().get_template(template).render(styles=stylesheet(look), **values)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("templates") / "web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
