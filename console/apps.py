"""How Django knows the console, and which admin site it gets."""

# The module is imported, not AdminConfig: with the name in this file
# Django would find two default configs here.
import django.contrib.admin.apps
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    name = "console"
    verbose_name = _("The house")
    default = True
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # From here on `task.delay` means our broker, in the web process as well.
        import console.celery  # noqa: F401  (needs the settings, which load after this module)


class ConsoleAdminConfig(django.contrib.admin.apps.AdminConfig):
    default = False
    default_site = "console.site.ConsoleSite"
