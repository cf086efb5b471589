"""What the page of a checked file of customers says in words."""

import pytest

from segments.admin import customer_preview
from segments.customer_imports import mapping
from segments.models import CustomerImportRow

Outcome = CustomerImportRow.Outcome


@pytest.mark.parametrize("outcome", Outcome.values)
def test_one_row_and_several_are_said_apart(outcome: str) -> None:
    assert customer_preview.said(outcome, 1) != customer_preview.said(outcome, 2)


def test_the_columns_of_a_chinese_list_are_known_by_their_names() -> None:
    names = ["用户编号", "姓名", "手机号码", "邮箱", "城市", "标签", "是否同意邮件"]
    found = mapping.guess(names)
    assert [found[name] for name in names] == [
        *("key", "name", "phone", "email", "attribute", "tags", "consent:email"),
    ]
    assert mapping.guess_kind("用户编号") == "user_id"
