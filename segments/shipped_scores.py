"""The traits that scorings write: scores, cells, tiers and clusters."""

from django.utils.translation import gettext_lazy as _

from segments.described import CHOICE, Trait
from segments.recipes.nodes import Elsewhere

# `segments.valuing` writes them.
SCORED = (
    Trait(
        "r_score",
        _("recency score"),
        _("1 to 5 by the days since the last order; 5 ordered most recently."),
        Elsewhere("rfm"),
    ),
    Trait(
        "f_score",
        _("frequency score"),
        _("1 to 5 by the number of orders; 5 ordered most often."),
        Elsewhere("rfm"),
    ),
    Trait(
        "m_score",
        _("monetary score"),
        _("1 to 5 by what was spent; 5 spent most."),
        Elsewhere("rfm"),
    ),
    Trait(
        "rfm_cell",
        _("RFM cell"),
        _("The first of the named cells that holds the three scores."),
        Elsewhere("rfm"),
        CHOICE,
    ),
    Trait(
        "value_score",
        _("value score"),
        _("0 to 1000: where a customer stands in each factor of value, by the factors' weights."),
        Elsewhere("value"),
    ),
    Trait(
        "value_tier",
        _("value tier"),
        _("The band in which the value score lies."),
        Elsewhere("value"),
        CHOICE,
    ),
    Trait(
        "potential",
        _("potential"),
        _("High with enough signs in the dimensions of potential, or by its rule."),
        Elsewhere("potential"),
        CHOICE,
    ),
    Trait(
        "potential_signs",
        _("signs of potential"),
        _("Which of the dimensions of potential a customer shows."),
        Elsewhere("potential"),
        CHOICE,
    ),
    Trait(
        "cluster",
        _("cluster"),
        _("The group of customers who are alike in the traits that the clusters are made from."),
        Elsewhere("clusters"),
        CHOICE,
    ),
)
