"""Makers of the floor's records."""

from typing import Any

import factory

from console.models import Staff, Team


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team
        django_get_or_create = ("name",)

    name = "Growth"


class StaffFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Staff

    username = factory.Sequence(lambda n: f"person{n}")
    role = Staff.Role.OPERATOR
    team = factory.SubFactory(TeamFactory)

    @classmethod
    def create_with_role(cls, role: str, **values: Any) -> Staff:
        staff: Staff = cls.create(role=role, **values)
        return staff
