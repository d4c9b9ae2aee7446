"""Drives the emulator with boto3 and holds every answer against botocore's own service model.

Usage: conformance.py <url of Connect and STS> <url of the identity provider>
"""

import json
import urllib.request

import answers
import identities
import instances
import sessions
import settings
import users
from driver import URL, behave, connect, counts, expect, seen


def every_documented_error_was_seen():
    """What the model documents and nothing here provokes is printed, so that it is known."""
    unseen = {}
    for name in connect.meta.method_to_api_mapping.values():
        if name in seen:
            documented = {shape.name for shape in connect.meta.service_model.operation_model(name).error_shapes}
            unseen[name] = sorted(documented - seen[name])
    expect(len(unseen) == 31, f"{len(unseen)} of 31 operations were called")
    without_body = {name for name, codes in unseen.items() if codes == ["InvalidRequestException"]}
    others = {name: codes for name, codes in unseen.items() if codes and name not in without_body}
    print("documented but not provoked, for want of anything invalid to send: InvalidRequestException of "
          + ", ".join(sorted(without_body)))
    expect(not others, f"not provoked: {others}")
    expect(len(without_body) == 11, f"only operations without a body have nothing invalid to send: {without_body}")
    expect(all(None in seen[name] for name in unseen), "every operation succeeded at least once")


def main():
    behave(page_cap=1000, throttle=False, lag=False, fault_rate=0.0)
    # The first: requests may be signed by the emulator's clock too, which others push forward.
    for scenario in [
        identities.signatures_are_verified,
        instances.the_instance_is_described,
        users.users_are_created_described_updated_and_deleted,
        users.saml_instances_have_rules_for_users,
        users.updates_have_rules_too,
        settings.settings_by_channel_take_the_place_of_phone_settings,
        settings.proficiencies_are_values_of_predefined_attributes,
        settings.tags_are_set_and_removed,
        users.listings_come_in_small_pages,
        users.users_are_searched,
        sessions.all_sessions_of_a_user_end,
        sessions.quick_connects_are_searched,
        instances.the_hierarchy_keeps_its_shape,
        instances.hierarchy_groups_are_searched,
        instances.quotas_are_429_but_no_rate,
        identities.roles_are_assumed_by_those_they_trust,
        identities.sessions_are_tagged,
        answers.answers_of_identity_providers_assume_roles,
        instances.every_operation_refuses_alike,
        users.views_lag_behind_writes,
        identities.tokens_belong_to_the_session_name,
        every_documented_error_was_seen,
    ]:
        scenario()
        print("ok", scenario.__name__.replace("_", " "))
    calls = sum(1 for entry in json.load(urllib.request.urlopen(URL + "/_emulator/history")))
    print(f"{counts['checks']} checks passed in {calls} calls of {len(seen)} operations")


main()
