"""Every resource of `/api/v1/`."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from console.api.jobs import JobViewSet

router = DefaultRouter()
router.include_root_view = False
router.register("jobs", JobViewSet, basename="job")

urlpatterns = [path("", include(router.urls))]
