"""Reads a calendar as strictly as others do, and says in JSON what it understood.

The parser is `icalendar`; `recurring-ical-events` is asked what takes place. Instants are computed with the zone that the
calendar itself describes, not with the machine's.
"""

import json
import sys
from datetime import timezone

import icalendar
import recurring_ical_events

raw = sys.stdin.buffer.read()
lines = raw.split(b"\r\n")
assert lines[-1] == b"", "the last line has no end"
assert not any(b"\n" in line or b"\r" in line for line in lines), "an end of line is not CRLF"
assert max(map(len, lines)) <= 75, "a line is longer than 75 octets"
raw.decode("utf-8")

[calendar] = icalendar.Calendar.from_ical(raw, multiple=True)
assert [str(calendar[name]) for name in ("VERSION", "CALSCALE")] == ["2.0", "GREGORIAN"] and calendar["PRODID"]
for component in calendar.walk():
    assert not component.errors, component.errors
    for name in component.required:
        assert name in component, f"{component.name} lacks {name}"
    for name in component.singletons:
        assert not isinstance(component.get(name), list), f"{component.name} has {name} twice"
[zone] = calendar.timezones
paris = zone.to_tz(lookup_tzid=False)


def instant(local):
    return local.replace(tzinfo=None).replace(tzinfo=paris).astimezone(timezone.utc)


def event(component):
    start = instant(component.start)
    return {
        "uid": str(component["UID"]),
        "sequence": int(component["SEQUENCE"]),
        "status": str(component["STATUS"]),
        "summary": str(component["SUMMARY"]),
        "location": str(component.get("LOCATION", "")),
        "zone": component["DTSTART"].params["TZID"],
        "starts": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ends": (start + component["DURATION"].dt).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "organizer": str(component.get("ORGANIZER", "")),
    }


events = [event(component) for component in calendar.events]
assert len({one["uid"] for one in events}) == len(events), "two events have one UID"
occurrences = recurring_ical_events.of(calendar).between("20200101T000000Z", "20400101T000000Z")
assert len(occurrences) == len(events), f"{len(occurrences)} take place of {len(events)}"
print(json.dumps({"method": str(calendar.get("METHOD", "")), "name": str(calendar.get("X-WR-CALNAME", "")), "events": events}))
