//! The time of a frame: from its file name, from a tag in it, or as given.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use ziggurat_core::{Attributes, Error, Result};

/// Attribute of a variable: when its values were observed, ISO 8601 in UTC.
pub const OBSERVATION_TIME: &str = "observation_time";
/// Attribute of a variable: the time that its file bears (`DateTime` of TIFF), ISO 8601 in UTC.
/// Often that of processing.
pub const FILE_TIME: &str = "file_time";

/// Where the times of frames come from; the value of `--time`.
///
/// ```
/// use ziggurat::source::time_of::TimeFrom;
/// assert_eq!("name".parse::<TimeFrom>()?, TimeFrom::FileName);
/// let given: TimeFrom = "2009-08-18,2010-06-29T12:30".parse()?;
/// assert_eq!(given, TimeFrom::Given(vec!["2009-08-18".into(), "2010-06-29T12:30".into()]));
/// assert!("yesterday".parse::<TimeFrom>().is_err());
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TimeFrom {
    /// The observation time in the file, else its name, else the time that the file bears.
    #[default]
    Auto,
    /// The file name; see [`in_text`].
    FileName,
    /// The observation time in the file, else the time that it bears.
    Tag,
    /// ISO 8601 instants (UTC unless they say otherwise), one for each frame in the order given.
    Given(Vec<String>),
}

impl FromStr for TimeFrom {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "auto" => Self::Auto,
            "name" => Self::FileName,
            "tag" => Self::Tag,
            list => {
                let times: Vec<_> = list.split(',').map(|t| t.trim().to_owned()).collect();
                times.iter().try_for_each(|t| parse(t).map(|_| ()))?;
                Self::Given(times)
            }
        })
    }
}

impl TimeFrom {
    /// The times of `frames`, each a place (path) and the attributes of its variable.
    ///
    /// # Errors
    /// [`Error::Caller`] naming the frame without a time, or with several.
    pub fn times(&self, frames: &[(&str, &Attributes)]) -> Result<Vec<Timestamp>> {
        if let Self::Given(times) = self {
            if times.len() != frames.len() {
                let counts = format!("{} times for {} frames", times.len(), frames.len());
                return Err(Error::caller("--time", counts));
            }
            return times.iter().map(|t| parse(t)).collect();
        }
        frames.iter().map(|(p, a)| self.of_frame(p, a)).collect()
    }

    fn of_frame(&self, place: &str, attributes: &Attributes) -> Result<Timestamp> {
        let tag = |key: &str| {
            let text = attributes.get(key)?.as_str()?;
            text.parse::<Timestamp>().ok()
        };
        let name = || {
            let path = std::path::Path::new(place);
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            in_text(&stem).map_err(|found| {
                let what = format!(
                    "its name holds several times ({}): give them with --time ISO,...",
                    found.join(", ")
                );
                Error::caller(place, what)
            })
        };
        let time = match self {
            Self::FileName => name()?,
            Self::Tag => tag(OBSERVATION_TIME).or_else(|| tag(FILE_TIME)),
            _ => match tag(OBSERVATION_TIME) {
                Some(time) => Some(time),
                None => name()?.or_else(|| tag(FILE_TIME)),
            },
        };
        time.ok_or_else(|| {
            let looked = match self {
                Self::FileName => "its name tells no time",
                Self::Tag => "it has no observation time and no DateTime tag",
                _ => "neither a tag nor its name tells its time",
            };
            Error::caller(place, format!("{looked}: give it with --time ISO,..."))
        })
    }
}

/// The instant of an ISO 8601 text; UTC unless it has an offset.
///
/// # Errors
/// [`Error::Caller`] if it is none.
pub fn parse(text: &str) -> Result<Timestamp> {
    let civil = || DateTime::from_str(text).ok().and_then(utc);
    Timestamp::from_str(text)
        .ok()
        .or_else(civil)
        .ok_or_else(|| {
            let what = format!("{text:?} is neither name, tag, auto nor an ISO 8601 time");
            Error::caller("--time", what)
        })
}

fn utc(time: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(time).ok()
}

/// The time in a text such as a file name: a date of 1800 to 2199 as `YYYYMMDD`, `YYYY-MM-DD`,
/// `YYYY_MM_DD`, `YYYY.MM.DD` or `YYYY:MM:DD`, and the time of day that may follow it (`hh`,
/// `hhmm` or `hhmmss` at once; `hhmm`, `hhmmss`, `hh:mm:ss` after `T`, a blank, `_` or `-`). UTC.
///
/// Digits before or after that belong to the same number rule a match out. The longest match
/// counts; `None` if there is none.
///
/// ```
/// use ziggurat::source::time_of::in_text;
/// let time = |name| in_text(name).ok().flatten().map(|t| t.to_string());
/// assert_eq!(time("m_4709963_se_14_1_20090818").as_deref(), Some("2009-08-18T00:00:00Z"));
/// assert_eq!(time("201609281540_FINUTM").as_deref(), Some("2016-09-28T15:40:00Z"));
/// assert_eq!(time("scene_42"), None);
/// assert!(in_text("from_20200101_to_20200131").is_err());
/// ```
///
/// # Errors
/// The matches, if several are longest and differ.
pub fn in_text(text: &str) -> std::result::Result<Option<Timestamp>, Vec<String>> {
    let bytes = text.as_bytes();
    let starts = (0..bytes.len())
        .filter(|&i| bytes[i].is_ascii_digit() && !(i > 0 && bytes[i - 1].is_ascii_digit()));
    let mut found: Vec<(usize, Timestamp)> = Vec::new();
    let mut end = 0;
    for start in starts {
        // A time of day is not the start of another time.
        if start < end {
            continue;
        }
        if let Some((digits, len, time)) = at_start(&bytes[start..]) {
            end = start + len;
            found.push((digits, time));
        }
    }
    let longest = found.iter().map(|(digits, _)| *digits).max().unwrap_or(0);
    let mut times: Vec<Timestamp> = found
        .into_iter()
        .filter(|(digits, _)| *digits == longest)
        .map(|(_, time)| time)
        .collect();
    times.dedup();
    match &*times {
        [] => Ok(None),
        [time] => Ok(Some(*time)),
        several => Err(several.iter().map(ToString::to_string).collect()),
    }
}

/// The time at the start of `text`, how many digits it has and how many bytes.
fn at_start(text: &[u8]) -> Option<(usize, usize, Timestamp)> {
    let mut rest = Digits(text);
    let year = rest.take(4).filter(|y| (1800..2200).contains(y))?;
    let separator = rest.skip(b"-_.:");
    let month = rest.take(2)?;
    if separator.is_some() && rest.skip(b"-_.:") != separator {
        return None;
    }
    let day = rest.take(2)?;
    let small = |n: u16| i8::try_from(n).ok();
    let date = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    let dated = rest;
    let (time, rest) = match rest.time_of_day() {
        Some((time, rest)) if !rest.goes_on() => (time, rest),
        _ if !dated.goes_on() => (Time::midnight(), dated),
        _ => return None,
    };
    let len = text.len() - rest.0.len();
    let digits = text[..len].iter().filter(|b| b.is_ascii_digit()).count();
    Some((digits, len, utc(date.to_datetime(time))?))
}

/// What is left of a text.
#[derive(Clone, Copy)]
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// The number of exactly the next `n` digits.
    fn take(&mut self, n: usize) -> Option<u16> {
        let head = self.0.get(..n)?;
        let number = std::str::from_utf8(head).ok()?;
        if !head.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.0 = &self.0[n..];
        number.parse().ok()
    }

    /// The next byte, if it is one of `these`.
    fn skip(&mut self, these: &[u8]) -> Option<u8> {
        let first = *self.0.first().filter(|b| these.contains(b))?;
        self.0 = &self.0[1..];
        Some(first)
    }

    /// Whether the number goes on.
    fn goes_on(&self) -> bool {
        self.0.first().is_some_and(u8::is_ascii_digit)
    }

    /// The time of day that comes next, and what is left then.
    fn time_of_day(mut self) -> Option<(Time, Self)> {
        let separator = self.skip(b"Tt _-");
        let hour = self.take(2)?;
        let colon = self.skip(b":-");
        let minute = match self.take(2) {
            Some(minute) => Some(minute),
            // An hour alone belongs to the digits of the date.
            None if separator.is_none() && colon.is_none() => None,
            None => return None,
        };
        let mut after = self;
        let second = match (minute, colon) {
            (Some(_), Some(c)) if after.skip(&[c]).is_none() => None,
            (Some(_), _) => after.take(2),
            (None, _) => None,
        };
        if second.is_some() {
            self = after;
        }
        let small = |n: Option<u16>| i8::try_from(n.unwrap_or(0)).ok();
        let time = Time::new(small(Some(hour))?, small(minute)?, small(second)?, 0).ok()?;
        Some((time, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<String> {
        in_text(text).unwrap().map(|t| t.to_string())
    }

    #[test]
    fn times_are_found_in_names() {
        for (name, expected) in [
            ("201609281540_FINUTM", "2016-09-28T15:40:00Z"),
            ("m_4709963_se_14_1_20090818", "2009-08-18T00:00:00Z"),
            ("20160928154005", "2016-09-28T15:40:05Z"),
            ("2016092815", "2016-09-28T15:00:00Z"),
            ("S2A_MSIL1C_20200101T103021_N0208", "2020-01-01T10:30:21Z"),
            ("radar 2016-09-28 15:40:05", "2016-09-28T15:40:05Z"),
            ("radar_20160928_1540", "2016-09-28T15:40:00Z"),
            ("x2016_09_28", "2016-09-28T00:00:00Z"),
            ("a.2016.02.29.b", "2016-02-29T00:00:00Z"),
            ("2016-09-28T15-40-05Z", "2016-09-28T15:40:05Z"),
            ("2016:09:28 15:40:05", "2016-09-28T15:40:05Z"),
            // The longer one counts.
            ("20160101_v20160928T1540", "2016-09-28T15:40:00Z"),
            // What follows is no time of day.
            ("20160928_9999", "2016-09-28T00:00:00Z"),
            ("20160928_14_1", "2016-09-28T00:00:00Z"),
            ("same_20160928_20160928", "2016-09-28T00:00:00Z"),
        ] {
            assert_eq!(time(name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_date_is_not_taken() {
        for name in [
            "",
            "tile_12345678",
            "20161328",
            "20150229",
            "99991231",
            "120160928",
            "2016092",
            "201609281",
            "2016-0928",
            "dem",
            "20169999999999",
        ] {
            assert_eq!(time(name), None, "{name}");
        }
        assert_eq!(in_text("20200101_20200131").unwrap_err().len(), 2);
    }

    #[test]
    fn sources_of_time_have_an_order() {
        let mut tags = Attributes::new();
        tags.insert(FILE_TIME.into(), "2001-01-01T00:00:00Z".into());
        let at = |from: &TimeFrom, place: &str, tags: &Attributes| {
            from.times(&[(place, tags)]).map(|t| t[0].to_string())
        };
        let day = "/data/20100101/x_20090818.tif";
        assert_eq!(
            at(&TimeFrom::Auto, day, &tags).unwrap(),
            "2009-08-18T00:00:00Z"
        );
        assert_eq!(
            at(&TimeFrom::Auto, "/data/20100101/x.tif", &tags).unwrap(),
            "2001-01-01T00:00:00Z"
        );
        assert_eq!(
            at(&TimeFrom::Tag, day, &tags).unwrap(),
            "2001-01-01T00:00:00Z"
        );
        tags.insert(OBSERVATION_TIME.into(), "2002-01-01T00:00:00Z".into());
        assert_eq!(
            at(&TimeFrom::Auto, day, &tags).unwrap(),
            "2002-01-01T00:00:00Z"
        );
        assert_eq!(
            at(&TimeFrom::FileName, day, &tags).unwrap(),
            "2009-08-18T00:00:00Z"
        );
        let none = at(&TimeFrom::FileName, "x.tif", &tags)
            .unwrap_err()
            .to_string();
        assert_eq!(
            none,
            "x.tif: its name tells no time: give it with --time ISO,..."
        );
        let given: TimeFrom = "2020-01-01T00:00:00+02:00".parse().unwrap();
        assert_eq!(at(&given, day, &tags).unwrap(), "2019-12-31T22:00:00Z");
        assert!(given.times(&[(day, &tags), (day, &tags)]).is_err());
    }
}
