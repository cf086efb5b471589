"""The door for providers' reports: a secret address an account."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.outcomes import reports
from campaigns.providers import accounts
from console import clock


@never_cache
@csrf_exempt  # providers have no cookie; the address itself is the secret
@require_http_methods(["POST", "HEAD"])
def receive(request: HttpRequest, pk: int, token: str) -> JsonResponse:
    """Take reports. The answer is the one that Aliyun wants to hear; others only read 200."""
    account = reports.account_of(pk, token)
    if account is None:
        return JsonResponse({"code": 404, "msg": "no such account"}, status=404)
    if request.method == "HEAD":  # some providers look whether somebody is there
        return JsonResponse({})
    try:
        reports.receive(account, request, at=clock.now())
    except reports.BadReport as wrong:
        return JsonResponse({"code": 400, "msg": str(wrong)[:200]}, status=400)
    except accounts.CannotOpen as lost:  # they try again until somebody has entered the secret
        return JsonResponse({"code": 503, "msg": str(lost)}, status=503)
    return JsonResponse({"code": 0, "msg": "成功"})
