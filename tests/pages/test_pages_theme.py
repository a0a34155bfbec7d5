"""Colours: enough contrast in both themes, one colour a model, baselines in grey."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from ui.shell import theme

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours "#rrggbb", 1…21, as WCAG 2.2 defines it."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)


def test_contrast_of_a_known_pair() -> None:
    # #767676 on white is the textbook grey that just passes 4.5 : 1
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("text", ["textColor", "linkColor", "grayTextColor"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_can_be_read(name: str, text: str, ground: str) -> None:
    colours = CONFIG["theme"][name]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_white_text_on_a_primary_button_can_be_read(name: str) -> None:
    assert contrast(CONFIG["theme"][name]["primaryColor"], "#FFFFFF") >= 4.5


def test_server_options_are_safe() -> None:
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["server"]["enableXsrfProtection"] is True
    assert CONFIG["server"]["enableCORS"] is True
    assert CONFIG["server"]["allowedHosts"]


def test_models_keep_one_colour_and_baselines_are_grey() -> None:
    offers = {
        "plain": SimpleNamespace(kind="baseline"),
        "deep_one": SimpleNamespace(kind="deep"),
        "other_plain": SimpleNamespace(kind="baseline"),
        "deep_two": SimpleNamespace(kind="deep"),
    }
    colours = theme.model_colours(offers)
    assert len(set(colours.values())) == 4
    assert colours["plain"] in theme.GREYS
    assert colours["deep_one"] == theme.OKABE_ITO["blue"]
    assert colours["deep_two"] == theme.OKABE_ITO["vermillion"]


def test_eleven_deep_models_have_eleven_colours_that_can_be_seen() -> None:
    colours = theme.model_colours({str(at): SimpleNamespace(kind="deep") for at in range(11)})
    assert len(set(colours.values())) == 11
    for name in ("light", "dark"):
        ground = CONFIG["theme"][name]["backgroundColor"]
        assert all(contrast(colour, ground) >= 3 for colour in theme.MORE_DEEP)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_captions_can_be_read(name: str) -> None:
    # Streamlit draws captions and axis labels with the text's colour at 60 %
    colours = CONFIG["theme"][name]
    parts = [
        round(0.6 * int(colours["textColor"][at : at + 2], 16) + 0.4 * int(colours["backgroundColor"][at : at + 2], 16))
        for at in (1, 3, 5)
    ]
    assert contrast("#" + "".join(f"{part:02X}" for part in parts), colours["backgroundColor"]) >= 4.5
