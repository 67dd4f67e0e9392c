"""The look of mail and pages: a palette for light and one for dark, made from one accent colour,
and a font from a safe list.

Every pair of text and ground has at least the contrast that WCAG 2.1 asks for (1.4.3, level AA); an
accent that is too pale or too dark for words is darkened or lightened until it has. It takes values
and returns values.
"""

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache

ACCENT = "#a8431f"
FONT = "georgia"
SANS = "Helvetica, Arial, sans-serif"
FONTS: Mapping[str, tuple[str, str]] = {
    "georgia": ("Georgia, 'Times New Roman', serif", SANS),
    "palatino": ("'Palatino Linotype', Palatino, 'Book Antiqua', Georgia, serif", SANS),
    "helvetica": (SANS, SANS),
    "system": ("-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",) * 2,
    "verdana": ("Verdana, Geneva, sans-serif",) * 2,
    "trebuchet": ("'Trebuchet MS', Tahoma, sans-serif",) * 2,
}
"""Families that mail programs have without loading anything: of what is read, and of what stands
beside it."""
READABLE = 4.5
"""Contrast of text with its ground (WCAG 2.1, 1.4.3)."""
COMFORTABLE = 6.0
"""Contrast of an accent in the dark: pale words on near black tire less than saturated ones."""
STEP = 0.01
Rgb = tuple[float, float, float]
"""Red, green and blue, each 0 to 1 (sRGB)."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as ``#rrggbb``. ``accent`` is that of words, ``mark`` that of lines and grounds that
    carry no words; ``on_accent`` is written on ``accent``."""

    ground: str
    sheet: str
    box: str
    line: str
    edge: str
    ink: str
    quiet: str
    accent: str
    on_accent: str
    mark: str


@dataclass(frozen=True, slots=True)
class Look:
    """What templates may ask for as ``look.…``, fixed when a template is compiled."""

    light: Palette
    dark: Palette
    font: str
    label_font: str

    def values(self) -> dict[str, str]:
        """``accent``, ``dark_accent``, ``font`` …: every name that templates know."""
        found = {"font": self.font, "label_font": self.label_font}
        for one in fields(Palette):
            found[one.name] = getattr(self.light, one.name)
            found[f"dark_{one.name}"] = getattr(self.dark, one.name)
        return found


@lru_cache(maxsize=100)
def look(accent: str = ACCENT, font: str = FONT) -> Look:
    """The look of an accent, ``#rrggbb``, and a font of ``FONTS``."""
    hue, _, saturation = colorsys.rgb_to_hls(*_rgb(accent))
    tint = min(saturation, 1.0)
    light, dark = _light(accent, hue, tint), _dark(accent, hue, tint)
    words, labels = FONTS[font]
    return Look(light, dark, words, labels)


def _light(accent: str, hue: float, tint: float) -> Palette:
    ground, box = _hls(hue, 0.957, 0.22 * tint), _hls(hue, 0.972, 0.42 * tint)
    words = readable(accent, (ground, box, "#ffffff"), READABLE)
    return Palette(
        ground=ground,
        sheet="#ffffff",
        box=box,
        line=_hls(hue, 0.885, 0.14 * tint),
        edge=_hls(hue, 0.56, 0.08 * tint),
        ink=_hls(hue, 0.115, 0.10 * tint),
        quiet=_hls(hue, 0.375, 0.05 * tint),
        accent=words,
        on_accent=_on(words),
        mark=accent,
    )


def _dark(accent: str, hue: float, tint: float) -> Palette:
    ground, sheet = _hls(hue, 0.070, 0.08 * tint), _hls(hue, 0.110, 0.07 * tint)
    box = _hls(hue, 0.155, 0.12 * tint)
    words = readable(accent, (ground, sheet, box), COMFORTABLE)
    return Palette(
        ground=ground,
        sheet=sheet,
        box=box,
        line=_hls(hue, 0.235, 0.06 * tint),
        edge=_hls(hue, 0.45, 0.05 * tint),
        ink=_hls(hue, 0.915, 0.12 * tint),
        quiet=_hls(hue, 0.700, 0.06 * tint),
        accent=words,
        on_accent=_on(words),
        mark=words,
    )


def readable(colour: str, grounds: tuple[str, ...], least: float = READABLE) -> str:
    """``colour``, darkened on light grounds and lightened on dark ones until it has a contrast of
    ``least`` with each of them."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    step = -STEP if luminance(grounds[0]) > 0.2 else STEP
    while min(contrast(colour, ground) for ground in grounds) < least:
        lightness += step
        if not 0.0 <= lightness <= 1.0:
            return "#000000" if step < 0 else "#ffffff"
        colour = _hls(hue, lightness, saturation)
    return colour


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.1, definition of contrast ratio)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=10_000)
def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.1)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _on(colour: str) -> str:
    """What can be read on ``colour``: white, else near black."""
    return "#ffffff" if contrast("#ffffff", colour) >= READABLE else "#141414"


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _hls(hue: float, lightness: float, saturation: float) -> str:
    parts = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
