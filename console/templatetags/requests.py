"""What the pages of requests say besides: how much somebody has not read."""

from django import template
from django.template import Context

from console.team_requests import news

register = template.Library()
MOST = 99


@register.simple_tag(takes_context=True)
def unread_news(context: Context) -> str:
    """How many news of requests one has not read; nothing where there are none."""
    count = news.unread(context["request"].user).order_by()[: MOST + 1].count()
    return f"{MOST}+" if count > MOST else str(count or "")
