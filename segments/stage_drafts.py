"""The stages of a set as a form or a version has them: what each is called, and what changed."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from console import formats
from segments.models import Stage
from segments.rules import tree, words
from segments.rules.nodes import RuleError
from segments.rules.vocabulary import Vocabulary

Draft = dict[str, Any]  # of a stage: `taxonomies.FIELDS`; a new one has no key yet


def label(draft: Draft) -> str:
    """What a stage of a draft is called; ours in the reader's language."""
    return str(Stage(key=draft.get("key") or "", name=(draft.get("name") or "").strip()))


def difference(was: Sequence[Draft], now: Sequence[Draft], known: Vocabulary) -> list[str]:
    """What is different between two versions, a sentence each."""
    before, after = ({one["key"]: one for one in some} for some in (was, now))
    said = [_("“%(name)s” is new.") % {"name": label(one)} for k, one in after.items()
            if k not in before]  # fmt: skip
    said += [_("“%(name)s” was retired.") % {"name": label(one)} for k, one in before.items()
             if k not in after]  # fmt: skip
    common = [key for key in after if key in before]
    for key in common:
        said += _differences(before[key], after[key], known)
    if [key for key in before if key in after] != common:
        order = formats.listed(label(after[key]) for key in after)
        said.append(_("The order is now: %(names)s.") % {"names": order})
    return said


def _differences(was: Draft, now: Draft, known: Vocabulary) -> list[str]:
    name, said = label(now), []
    if label(was) != name:
        said.append(_("“%(was)s” is called “%(now)s”.") % {"was": label(was), "now": name})
    if was["rule"] != now["rule"]:
        rules = {"name": name, "was": in_words(was["rule"], known),
                 "now": in_words(now["rule"], known)}  # fmt: skip
        said.append(_("“%(name)s”: the rule was “%(was)s” and is “%(now)s”.") % rules)
    if was.get("level") not in {None, now["level"]}:
        levels = {"name": name, "was": was["level"], "now": now["level"]}
        said.append(_("“%(name)s”: the level was %(was)s and is %(now)s.") % levels)
    if was["color"] != now["color"]:
        said.append(_("“%(name)s” has another colour.") % {"name": name})
    if was["description"] != now["description"]:
        said.append(_("“%(name)s” has another description.") % {"name": name})
    return said


def in_words(rule: Any, known: Vocabulary) -> str:
    """A stage's rule as a sentence, or why it cannot be said."""
    if rule == tree.EVERYONE:
        return _("everybody else")
    try:
        return words.clause(tree.parse(rule, known), known, _)
    except RuleError as problem:
        return problem.said(_)
