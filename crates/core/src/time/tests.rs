//! Expected moments come from cftime 1.6.6 with `has_year_zero=True`.

use proptest::prelude::*;

use super::*;
use crate::{Error, Scalar};

/// Calendar, and units, value, moment.
type Known = (&'static str, &'static [(&'static str, i64, &'static str)]);

const KNOWN: &[Known] = &[
    (
        "standard",
        &[
            ("days since 0001-01-01", -1, "0000-12-31T00:00:00"),
            ("days since 0001-01-01", 577_736, "1582-10-04T00:00:00"),
            ("days since 0000-01-01", 736_330, "2015-12-31T00:00:00"),
            ("days since 1970-01-01", 16_000, "2013-10-22T00:00:00"),
            ("days since 1970-01-01", -400_000, "0874-10-29T00:00:00"),
            ("days since 1900-01-01", 59, "1900-03-01T00:00:00"),
            ("days since 1900-01-01", 60, "1900-03-02T00:00:00"),
            ("days since 1970-01-01", -141_428, "1582-10-04T00:00:00"),
            ("days since 1970-01-01", -141_427, "1582-10-15T00:00:00"),
            ("days since 1970-01-01", -1_000_000, "-0768-02-12T00:00:00"),
            ("hours since 0000-01-01", 8766, "0000-12-31T06:00:00"),
            ("days since 2000-02-28", 1, "2000-02-29T00:00:00"),
            ("days since 2000-02-28", 2, "2000-03-01T00:00:00"),
            ("days since 2100-02-28", 1, "2100-03-01T00:00:00"),
            (
                "seconds since 1992-10-08 15:15:42",
                123_456_789,
                "1996-09-06T12:48:51",
            ),
            (
                "days since -4712-01-01 12:00:00",
                2_440_000,
                "1968-05-23T12:00:00",
            ),
            ("days since -0004-03-01", 0, "-0004-03-01T00:00:00"),
            ("days since -0004-03-01", -1, "-0004-02-29T00:00:00"),
            ("days since 1970-01-01", 50_000_000, "138865-05-08T00:00:00"),
        ],
    ),
    (
        "proleptic_gregorian",
        &[
            ("days since 0001-01-01", -1, "0000-12-31T00:00:00"),
            ("days since 0001-01-01", 577_736, "1582-10-16T00:00:00"),
            ("days since 0000-01-01", 736_330, "2016-01-02T00:00:00"),
            ("days since 1970-01-01", 16_000, "2013-10-22T00:00:00"),
            ("days since 1970-01-01", -400_000, "0874-11-02T00:00:00"),
            ("days since 1900-01-01", 59, "1900-03-01T00:00:00"),
            ("days since 1900-01-01", 60, "1900-03-02T00:00:00"),
            ("days since 1970-01-01", -141_428, "1582-10-14T00:00:00"),
            ("days since 1970-01-01", -141_427, "1582-10-15T00:00:00"),
            ("days since 1970-01-01", -1_000_000, "-0768-02-04T00:00:00"),
            ("hours since 0000-01-01", 8766, "0000-12-31T06:00:00"),
            ("days since 2000-02-28", 1, "2000-02-29T00:00:00"),
            ("days since 2000-02-28", 2, "2000-03-01T00:00:00"),
            ("days since 2100-02-28", 1, "2100-03-01T00:00:00"),
            (
                "seconds since 1992-10-08 15:15:42",
                123_456_789,
                "1996-09-06T12:48:51",
            ),
            (
                "days since -4712-01-01 12:00:00",
                2_440_000,
                "1968-06-30T12:00:00",
            ),
            ("days since -0004-03-01", 0, "-0004-03-01T00:00:00"),
            ("days since -0004-03-01", -1, "-0004-02-29T00:00:00"),
            ("days since 1970-01-01", 50_000_000, "138865-05-08T00:00:00"),
        ],
    ),
    (
        "julian",
        &[
            ("days since 0001-01-01", -1, "0000-12-31T00:00:00"),
            ("days since 0001-01-01", 577_736, "1582-10-04T00:00:00"),
            ("days since 0000-01-01", 736_330, "2015-12-18T00:00:00"),
            ("days since 1970-01-01", 16_000, "2013-10-22T00:00:00"),
            ("days since 1970-01-01", -400_000, "0874-11-11T00:00:00"),
            ("days since 1900-01-01", 59, "1900-02-29T00:00:00"),
            ("days since 1900-01-01", 60, "1900-03-01T00:00:00"),
            ("days since 1970-01-01", -141_428, "1582-10-17T00:00:00"),
            ("days since 1970-01-01", -141_427, "1582-10-18T00:00:00"),
            ("days since 1970-01-01", -1_000_000, "-0768-02-25T00:00:00"),
            ("hours since 0000-01-01", 8766, "0000-12-31T06:00:00"),
            ("days since 2000-02-28", 1, "2000-02-29T00:00:00"),
            ("days since 2000-02-28", 2, "2000-03-01T00:00:00"),
            ("days since 2100-02-28", 1, "2100-02-29T00:00:00"),
            (
                "seconds since 1992-10-08 15:15:42",
                123_456_789,
                "1996-09-06T12:48:51",
            ),
            (
                "days since -4712-01-01 12:00:00",
                2_440_000,
                "1968-05-10T12:00:00",
            ),
            ("days since -0004-03-01", 0, "-0004-03-01T00:00:00"),
            ("days since -0004-03-01", -1, "-0004-02-29T00:00:00"),
            ("days since 1970-01-01", 50_000_000, "138862-07-17T00:00:00"),
        ],
    ),
    (
        "noleap",
        &[
            ("days since 0001-01-01", -1, "0000-12-31T00:00:00"),
            ("days since 0001-01-01", 577_736, "1583-11-03T00:00:00"),
            ("days since 0000-01-01", 736_330, "2017-05-06T00:00:00"),
            ("days since 1970-01-01", 16_000, "2013-11-02T00:00:00"),
            ("days since 1970-01-01", -400_000, "0874-02-10T00:00:00"),
            ("days since 1900-01-01", 59, "1900-03-01T00:00:00"),
            ("days since 1900-01-01", 60, "1900-03-02T00:00:00"),
            ("days since 1970-01-01", -141_428, "1582-07-12T00:00:00"),
            ("days since 1970-01-01", -141_427, "1582-07-13T00:00:00"),
            ("days since 1970-01-01", -1_000_000, "-0770-04-11T00:00:00"),
            ("hours since 0000-01-01", 8766, "0001-01-01T06:00:00"),
            ("days since 2000-02-28", 1, "2000-03-01T00:00:00"),
            ("days since 2000-02-28", 2, "2000-03-02T00:00:00"),
            ("days since 2100-02-28", 1, "2100-03-01T00:00:00"),
            (
                "seconds since 1992-10-08 15:15:42",
                123_456_789,
                "1996-09-07T12:48:51",
            ),
            (
                "days since -4712-01-01 12:00:00",
                2_440_000,
                "1972-12-07T12:00:00",
            ),
            ("days since -0004-03-01", 0, "-0004-03-01T00:00:00"),
            ("days since -0004-03-01", -1, "-0004-02-28T00:00:00"),
            ("days since 1970-01-01", 50_000_000, "138956-04-21T00:00:00"),
        ],
    ),
    (
        "all_leap",
        &[
            ("days since 0001-01-01", -1, "0000-12-31T00:00:00"),
            ("days since 0001-01-01", 577_736, "1579-07-07T00:00:00"),
            ("days since 0000-01-01", 736_330, "2011-10-31T00:00:00"),
            ("days since 1970-01-01", 16_000, "2013-09-19T00:00:00"),
            ("days since 1970-01-01", -400_000, "0877-02-08T00:00:00"),
            ("days since 1900-01-01", 59, "1900-02-29T00:00:00"),
            ("days since 1900-01-01", 60, "1900-03-01T00:00:00"),
            ("days since 1970-01-01", -141_428, "1583-08-02T00:00:00"),
            ("days since 1970-01-01", -141_427, "1583-08-03T00:00:00"),
            ("days since 1970-01-01", -1_000_000, "-0763-10-05T00:00:00"),
            ("hours since 0000-01-01", 8766, "0000-12-31T06:00:00"),
            ("days since 2000-02-28", 1, "2000-02-29T00:00:00"),
            ("days since 2000-02-28", 2, "2000-03-01T00:00:00"),
            ("days since 2100-02-28", 1, "2100-02-29T00:00:00"),
            (
                "seconds since 1992-10-08 15:15:42",
                123_456_789,
                "1996-09-03T12:48:51",
            ),
            (
                "days since -4712-01-01 12:00:00",
                2_440_000,
                "1954-09-01T12:00:00",
            ),
            ("days since -0004-03-01", 0, "-0004-03-01T00:00:00"),
            ("days since -0004-03-01", -1, "-0004-02-29T00:00:00"),
            ("days since 1970-01-01", 50_000_000, "138582-01-09T00:00:00"),
        ],
    ),
    (
        "360_day",
        &[
            ("days since 0001-01-01", -1, "0000-12-30T00:00:00"),
            ("days since 0001-01-01", 577_736, "1605-10-27T00:00:00"),
            ("days since 0000-01-01", 736_330, "2045-05-11T00:00:00"),
            ("days since 1970-01-01", 16_000, "2014-06-11T00:00:00"),
            ("days since 1970-01-01", -400_000, "0858-11-21T00:00:00"),
            ("days since 1900-01-01", 59, "1900-02-30T00:00:00"),
            ("days since 1900-01-01", 60, "1900-03-01T00:00:00"),
            ("days since 1970-01-01", -141_428, "1577-02-23T00:00:00"),
            ("days since 1970-01-01", -141_427, "1577-02-24T00:00:00"),
            ("days since 1970-01-01", -1_000_000, "-0808-03-21T00:00:00"),
            ("hours since 0000-01-01", 8766, "0001-01-06T06:00:00"),
            ("days since 2000-02-28", 1, "2000-02-29T00:00:00"),
            ("days since 2000-02-28", 2, "2000-02-30T00:00:00"),
            ("days since 2100-02-28", 1, "2100-02-29T00:00:00"),
            (
                "seconds since 1992-10-08 15:15:42",
                123_456_789,
                "1996-09-27T12:48:51",
            ),
            (
                "days since -4712-01-01 12:00:00",
                2_440_000,
                "2065-10-11T12:00:00",
            ),
            ("days since -0004-03-01", 0, "-0004-03-01T00:00:00"),
            ("days since -0004-03-01", -1, "-0004-02-30T00:00:00"),
            ("days since 1970-01-01", 50_000_000, "140858-11-21T00:00:00"),
        ],
    ),
];

fn units(text: &str, calendar: &str) -> TimeUnits {
    TimeUnits::parse(text, Some(calendar)).unwrap()
}

fn decoded(text: &str, value: f64) -> String {
    let units = TimeUnits::parse(text, None).unwrap();
    units.decode(Scalar::Float(value)).unwrap().to_string()
}

#[test]
fn moments_are_those_of_cftime() {
    for (calendar, cases) in KNOWN {
        for &(text, value, moment) in *cases {
            let units = units(text, calendar);
            let at = units.decode(Scalar::Int(value)).unwrap();
            // ISO 8601 wants a sign before a fifth digit.
            let shown = at.to_string();
            assert_eq!(
                shown.trim_start_matches('+'),
                moment,
                "{calendar} {text} {value}"
            );
            assert_eq!(units.encode(&at).unwrap(), Scalar::Int(value));
            assert_eq!(DateTime::parse(&shown, units.calendar()).unwrap(), at);
        }
    }
}

#[test]
fn year_zero_without_a_calendar_is_proleptic() {
    // The time axis of the Levitus climatology.
    let units = TimeUnits::parse("hour since 0000-01-01 00:00:00", None).unwrap();
    assert_eq!(units.calendar(), Calendar::ProlepticGregorian);
    for (value, moment) in [
        (366.0, "0000-01-16T06:00:00"),
        (1096.485, "0000-02-15T16:29:06"),
        (1826.97, "0000-03-17T02:58:12"),
        (2557.455, "0000-04-16T13:27:18"),
        (3287.94, "0000-05-16T23:56:24"),
        (7670.85, "0000-11-15T14:51:00"),
        (8401.335, "0000-12-16T01:20:06"),
    ] {
        let at = units.decode(Scalar::Float(value)).unwrap();
        assert_eq!(at.to_string(), moment);
        let back = units.encode(&at).unwrap().as_f64();
        assert_eq!(back.to_bits(), value.to_bits());
    }
    assert_eq!(
        units
            .encode(&DateTime::parse("0000-01-16T06", units.calendar()).unwrap())
            .unwrap(),
        Scalar::Int(366)
    );
    let calendar = |text| TimeUnits::parse(text, None).unwrap().calendar();
    assert_eq!(
        calendar("days since -0004-01-01"),
        Calendar::ProlepticGregorian
    );
    assert_eq!(calendar("days since 0001-01-01"), Calendar::Standard);
}

#[test]
fn fractions_are_rounded_to_microseconds() {
    assert_eq!(decoded("days since 2000-01-01", 0.1), "2000-01-01T02:24:00");
    assert_eq!(
        decoded("days since 1858-11-17", 51_544.123_456),
        "2000-01-01T02:57:46.5984"
    );
    assert_eq!(
        decoded("days since 1970-01-01", 19_000.765_432_1),
        "2022-01-08T18:22:13.33344"
    );
    assert_eq!(
        decoded("hours since 2000-01-01", -0.5),
        "1999-12-31T23:30:00"
    );
    assert_eq!(
        decoded("weeks since 2000-01-01", 1.5),
        "2000-01-11T12:00:00"
    );
    assert_eq!(
        decoded("ns since 2000-01-01", 3.0),
        "2000-01-01T00:00:00.000000003"
    );
}

#[test]
fn integers_are_exact() {
    let epoch = units("nanoseconds since 1970-01-01", "proleptic_gregorian");
    for value in [i64::MAX, i64::MIN, 1, -1, 1_475_077_500_123_456_789] {
        let at = epoch.decode(Scalar::Int(value)).unwrap();
        assert_eq!(epoch.encode(&at).unwrap(), Scalar::Int(value));
    }
    let at = epoch.decode(Scalar::Int(i64::MAX)).unwrap();
    assert_eq!(at.to_string(), "2262-04-11T23:47:16.854775807");
    let at = epoch.decode(Scalar::UInt(u64::MAX)).unwrap();
    assert_eq!(at.to_string(), "2554-07-21T23:34:33.709551615");
}

#[test]
fn references_may_have_zones_and_fractions() {
    for (text, moment) in [
        // CF 4.4: six hours to the west of UTC.
        (
            "seconds since 1992-10-8 15:15:42.5 -6:00",
            "1992-10-08T21:15:42.5",
        ),
        ("days since 2000-1-1 0:0:0", "2000-01-01T00:00:00"),
        ("days since 2000-01-01T06:00:00Z", "2000-01-01T06:00:00"),
        ("d since 2000-01-01 06:00 +0530", "2000-01-01T00:30:00"),
        (
            "DAYS  Since  2000-01-01 00:00:00.0 UTC",
            "2000-01-01T00:00:00",
        ),
        ("hr since 2000-01-01 00:00+2", "1999-12-31T22:00:00"),
    ] {
        assert_eq!(decoded(text, 0.0), moment, "{text}");
    }
}

#[test]
fn bad_units_are_explained() {
    let error = |text, calendar| TimeUnits::parse(text, calendar).unwrap_err();
    for text in [
        "months since 2000-01-01",
        "year since 2000-01-01",
        "common_years since 2000-01-01",
    ] {
        assert!(
            matches!(error(text, None), Error::Unsupported { .. }),
            "{text}"
        );
    }
    for text in [
        "",
        "days",
        "days since",
        "days since yesterday",
        "m since 2000-01-01",
        "days after 2000-01-01",
        "days since 2000-02-30",
        "days since 2000-13-01",
        "days since 99999999999999999999-01-01",
        "days since 9223372036854775807-01-01",
    ] {
        assert!(matches!(error(text, None), Error::Data { .. }), "{text}");
    }
    assert!(matches!(
        error("days since 2000-01-01", Some("utc")),
        Error::Unsupported { .. }
    ));
    // The days that the reform left out.
    assert!(TimeUnits::parse("days since 1582-10-10", None).is_err());
    assert!(TimeUnits::parse("days since 1582-10-10", Some("proleptic_gregorian")).is_ok());

    let days = units("days since 2000-01-01", "standard");
    for value in [f64::NAN, f64::INFINITY, -1e300, 1e19] {
        assert!(days.decode(Scalar::Float(value)).is_err(), "{value}");
    }
    let weeks = units("weeks since 2000-01-01", "360_day");
    assert!(weeks.decode(Scalar::UInt(u64::MAX)).is_err());
    let feb30 = DateTime::parse("2000-02-30", Calendar::Days360).unwrap();
    assert_eq!(weeks.encode(&feb30).unwrap(), Scalar::Float(59.0 / 7.0));
    assert!(days.encode(&feb30).is_err());
}

#[test]
fn partial_dates_are_periods() {
    let period = |text| {
        let p = Period::parse(text, Calendar::Standard).unwrap();
        format!("{}/{}", p.start, p.end)
    };
    for (text, expected) in [
        ("2016", "2016-01-01T00:00:00/2017-01-01T00:00:00"),
        ("2016-02", "2016-02-01T00:00:00/2016-03-01T00:00:00"),
        ("2016-12", "2016-12-01T00:00:00/2017-01-01T00:00:00"),
        ("1582-10", "1582-10-01T00:00:00/1582-11-01T00:00:00"),
        ("2016-02-29", "2016-02-29T00:00:00/2016-03-01T00:00:00"),
        ("2016-09-28T15", "2016-09-28T15:00:00/2016-09-28T16:00:00"),
        (
            "2016-09-28 15:45",
            "2016-09-28T15:45:00/2016-09-28T15:46:00",
        ),
        (
            "2016-09-28T15:45:59Z",
            "2016-09-28T15:45:59/2016-09-28T15:46:00",
        ),
        (
            "2016-09-28T15:45:59.25",
            "2016-09-28T15:45:59.25/2016-09-28T15:45:59.250000001",
        ),
        (
            "2016-09-28T15:45:59.0000000019",
            "2016-09-28T15:45:59.000000001/2016-09-28T15:45:59.000000002",
        ),
        (
            "2016-01-01T01:00+02:00",
            "2015-12-31T23:00:00/2015-12-31T23:01:00",
        ),
        ("-0001", "-0001-01-01T00:00:00/0000-01-01T00:00:00"),
        ("+12345-06", "+12345-06-01T00:00:00/+12345-07-01T00:00:00"),
    ] {
        assert_eq!(period(text), expected, "{text}");
    }
    let end = Period::parse("2000-02", Calendar::Days360).unwrap().end;
    assert_eq!(end.to_string(), "2000-03-01T00:00:00");
    for text in [
        "",
        "now",
        "2016-",
        "2016-13",
        "2016-00",
        "2016-02-30",
        "2016-9-31",
        "2016-01-01T24",
        "2016-01-01T00:60",
        "2016-01-01T00:00:60",
        "2016-01-01T00:00:00.x",
        "2016-01-01T00:00:00.1234567890x",
        "2016-01T10",
        "2016-01-01-01",
        "2016-01-01T00:00:00:00",
        "2016-01-01T00:00 CET",
        "2016-01-01T00:00+25:00",
        "2016-01-01T00:00+é",
        "２０１６",
        "2016-01-01T00:00:00.12345678é",
        "1582-10-10",
    ] {
        let error = Period::parse(text, Calendar::Standard).unwrap_err();
        assert!(matches!(error, Error::Caller { .. }), "{text}");
    }
}

#[test]
fn calendars_have_two_names() {
    for (a, b) in [
        ("standard", "Gregorian"),
        ("noleap", "365_day"),
        ("all_leap", "366_DAY"),
    ] {
        let (a, b): (Calendar, Calendar) = (a.parse().unwrap(), b.parse().unwrap());
        assert_eq!(a, b);
        assert_eq!(a.to_string().parse::<Calendar>().unwrap(), a);
    }
}

fn calendars() -> impl Strategy<Value = Calendar> {
    prop::sample::select(vec![
        Calendar::Standard,
        Calendar::ProlepticGregorian,
        Calendar::Julian,
        Calendar::NoLeap,
        Calendar::AllLeap,
        Calendar::Days360,
    ])
}

proptest! {
    #[test]
    fn every_moment_has_one_date(calendar in calendars(), seconds in -1_000_000_000_000_i64..1_000_000_000_000, ns in 0..1_000_000_000_i128) {
        let at = i128::from(seconds) * 1_000_000_000 + ns;
        let date = DateTime::from_nanoseconds(at, calendar).unwrap();
        prop_assert_eq!(date.to_nanoseconds(calendar), Some(at));
        prop_assert_eq!(DateTime::parse(&date.to_string(), calendar).unwrap(), date);
        let next = DateTime::from_nanoseconds(at + 1, calendar).unwrap();
        prop_assert!(next > date);
    }

    #[test]
    fn far_days_do_not_hang_or_overflow(calendar in calendars(), ns in any::<i128>()) {
        if let Some(date) = DateTime::from_nanoseconds(ns, calendar) {
            prop_assert_eq!(date.to_nanoseconds(calendar), Some(ns));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
        let _ = Period::parse(&text, Calendar::Standard);
        let _ = TimeUnits::parse(&text, None);
        let _ = TimeUnits::parse(&format!("days since {text}"), None);
    }
}
