"""Why a message did not leave, said in the reader's language."""

import pytest
from django.utils import translation

from campaigns.channels import base
from campaigns.contact import reasons
from campaigns.models import Exclusion


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_our_own_reasons_follow_the_reader_and_a_servers_words_stay(language: str) -> None:
    with translation.override(language):
        said = reasons.said(base.because(base.LOST, "[Errno 104] reset"))
        assert said.endswith(("[Errno 104] reset)", "[Errno 104] reset）"))
        assert reasons.said(base.STOPPED) == translation.gettext(base.STOPPED)
        assert reasons.said("550 no such person: ann") == "550 no such person: ann"
        assert reasons.said(Exclusion.Reason.NO_CONSENT) == str(Exclusion.Reason.NO_CONSENT.label)
        assert reasons.said("") == ""
