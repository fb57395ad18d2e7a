//! Coordinate reference systems: codes, WKT, and what conventions want to know of them.
//!
//! A [`Crs`] is kept as it was given. EPSG codes are resolved to WKT from a table in the program
//! (that of `PostGIS`, mostly WKT version 1), WKT without a code is searched for
//! its outermost identifier, and nothing is ever converted between WKT versions: what goes into a
//! store is what came out of a source. The table writes no axis order: of systems whose first axis
//! is not easting, other software may not tell the code from the WKT, though X and Y are right.

mod cf;
mod wkt;

use crate::{Error, Result};
use wkt::Node;

/// A coordinate reference system, by authority code, by WKT, or by both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crs {
    /// Authority and code, such as `EPSG:28992`.
    pub code: Option<String>,
    /// WKT, version 1 or 2.
    pub wkt: Option<String>,
}

/// WKT of OGC:CRS84: WGS 84 with longitude first.
const CRS84: &str = r#"GEOGCS["WGS 84 (CRS84)",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Longitude",EAST],AXIS["Latitude",NORTH],AUTHORITY["OGC","CRS84"]]"#;

impl Crs {
    /// The system with this EPSG code.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the code is not in the table; its WKT can be given instead.
    ///
    /// ```
    /// use ziggurat_core::Crs;
    /// assert_eq!(Crs::from_epsg(28992)?.unit(), Some("metre"));
    /// assert!(Crs::from_epsg(1).is_err());
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    pub fn from_epsg(code: u32) -> Result<Self> {
        let name = format!("EPSG:{code}");
        if definition(&name).is_none() {
            let what = "no such EPSG code is known here; give the CRS as WKT instead";
            return Err(Error::unsupported(name, what));
        }
        Ok(Self {
            code: Some(name),
            wkt: None,
        })
    }

    /// The system described by WKT, with the code of its outermost identifier.
    ///
    /// # Errors
    /// [`Error::Data`] if the text is not the WKT of a coordinate reference system.
    pub fn from_wkt(wkt: &str) -> Result<Self> {
        let text = wkt.trim();
        let root = Node::parse(text)?;
        if wkt::version(&root.keyword).is_none() {
            let what = format!(
                "{} is not the WKT of a coordinate reference system",
                root.keyword
            );
            return Err(Error::data("CRS", what));
        }
        Ok(Self::new(root.identifier(), Some(text.to_owned())))
    }

    /// The system a user means by `EPSG:28992`, `28992`, `OGC:CRS84`, an OGC URN or URL, or WKT.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for codes that are not known here, [`Error::Data`] for broken WKT,
    /// [`Error::Caller`] for anything else, such as proj strings.
    ///
    /// ```
    /// use ziggurat_core::Crs;
    /// let rd = Crs::from_user("epsg:28992")?;
    /// assert_eq!(rd, Crs::from_user("28992")?);
    /// assert_eq!(rd, Crs::from_user("http://www.opengis.net/def/crs/EPSG/0/28992")?);
    /// assert!(Crs::from_user("CRS84")?.is_geographic());
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    pub fn from_user(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.contains(['[', '(']) {
            return Self::from_wkt(text);
        }
        let parts: Vec<&str> = text.split([':', '/']).filter(|p| !p.is_empty()).collect();
        let (authority, code) = match *parts.as_slice() {
            [code] => ("EPSG", code),
            // `urn:ogc:def:crs:EPSG::28992`, `http://www.opengis.net/def/crs/EPSG/0/28992`
            [.., "crs", authority, _, code] | [.., authority, code] => (authority, code),
            [] => ("", ""),
        };
        if code.eq_ignore_ascii_case("CRS84") {
            return Ok(Self::new(Some("OGC:CRS84".into()), None));
        }
        match code.parse() {
            Ok(code) if authority.eq_ignore_ascii_case("EPSG") => Self::from_epsg(code),
            Ok(_) if authority.chars().all(char::is_alphanumeric) => Err(Error::unsupported(
                text,
                "only EPSG codes are known here; give the CRS as WKT instead",
            )),
            _ => Err(Error::caller(
                text,
                "not a CRS; give EPSG:n, OGC:CRS84 or WKT (gdalsrsinfo -o wkt2 makes it)",
            )),
        }
    }

    /// A system from what a store holds: WKT that says no more than the code is dropped, so that
    /// equal systems compare equal.
    #[must_use]
    pub fn new(code: Option<String>, wkt: Option<String>) -> Self {
        let known = code.as_deref().and_then(definition);
        let wkt = wkt.filter(|w| known.is_none_or(|(k, _)| k != w));
        Self { code, wkt }
    }

    /// The EPSG code, if that is the authority.
    #[must_use]
    pub fn epsg(&self) -> Option<u32> {
        self.code.as_deref()?.strip_prefix("EPSG:")?.parse().ok()
    }

    /// The WKT: as it was given, else that of the code.
    #[must_use]
    pub fn wkt(&self) -> Option<&str> {
        let resolved = || Some(definition(self.code.as_deref()?)?.0);
        self.wkt.as_deref().or_else(resolved)
    }

    /// The WKT, if it was given in version 2.
    #[must_use]
    pub fn wkt2(&self) -> Option<&str> {
        self.wkt.as_deref().filter(|w| wkt::is_wkt2(w))
    }

    /// The proj string of the code.
    #[must_use]
    pub fn proj4(&self) -> Option<&'static str> {
        Some(definition(self.code.as_deref()?)?.1).filter(|p| !p.is_empty())
    }

    /// Whether X and Y are longitude and latitude.
    #[must_use]
    pub fn is_geographic(&self) -> bool {
        self.node().is_some_and(|n| n.horizontal().is_geographic())
    }

    /// The unit of the X and Y axes as WKT names it: `degree`, `metre`, `US survey foot`, ...
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        Some(self.known_unit()?.wkt)
    }

    /// The unit of the X and Y axes as UDUNITS and CF name it: `degree`, `m`, `US_survey_foot`, ...
    #[must_use]
    pub fn udunits(&self) -> Option<&'static str> {
        Some(self.known_unit()?.udunits)
    }

    /// The unit of the X and Y axes as OME-NGFF names it: `degree`, `meter`, `foot`, ...;
    /// `None` where OME has no such unit.
    #[must_use]
    pub fn ome_unit(&self) -> Option<&'static str> {
        self.known_unit()?.ome
    }

    /// Whether both are certainly the same system: by code if both have one, else by WKT.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.code, &other.code) {
            (Some(a), Some(b)) => a == b,
            _ => self.wkt().is_some() && self.wkt() == other.wkt(),
        }
    }

    fn known_unit(&self) -> Option<&'static Unit> {
        let node = self.node()?;
        let (name, factor) = node.horizontal().unit()?;
        // Names vary (Meter, m, metre), the size of the unit does not.
        let named = UNITS.iter().find(|u| u.wkt.eq_ignore_ascii_case(name));
        named.or_else(|| {
            let angle = node.horizontal().is_geographic();
            UNITS
                .iter()
                .find(|u| u.angle == angle && (u.size / factor - 1.0).abs() < 1e-9)
        })
    }

    fn node(&self) -> Option<Node> {
        Node::parse(self.wkt()?).ok()
    }
}

/// The code of the outermost identifier of `wkt` (`AUTHORITY` or `ID`), such as `EPSG:28992`.
///
/// A compound system without one has that of its horizontal part: X and Y are in that.
///
/// ```
/// let wkt = r#"GEOGCRS["WGS 84",DATUM["World Geodetic System 1984"],ID["EPSG",4326]]"#;
/// assert_eq!(ziggurat_core::crs::code_of_wkt(wkt).as_deref(), Some("EPSG:4326"));
/// ```
#[must_use]
pub fn code_of_wkt(wkt: &str) -> Option<String> {
    Node::parse(wkt).ok()?.identifier()
}

/// Codes whose definition in the table is metres to a thousand kilometres off that of EPSG: better
/// unknown. Found by comparing a point of each with PROJ 9.
const WRONG: [u16; 6] = [2062, 3167, 3973, 3974, 26591, 26592];

/// WKT and proj string of a code.
fn definition(code: &str) -> Option<(&'static str, &'static str)> {
    if code == "OGC:CRS84" {
        return Some((CRS84, "+proj=longlat +datum=WGS84 +no_defs"));
    }
    let number = code.strip_prefix("EPSG:")?.parse().ok()?;
    let found = crs_definitions::from_code(number)?;
    let usable = !found.wkt.is_empty() && !WRONG.contains(&number);
    usable.then_some((found.wkt, found.proj4))
}

/// A unit of length or angle under its three names.
struct Unit {
    wkt: &'static str,
    udunits: &'static str,
    ome: Option<&'static str>,
    angle: bool,
    /// In metres or radians.
    size: f64,
}

const UNITS: [Unit; 7] = [
    unit("metre", "m", Some("meter"), false, 1.0),
    unit("kilometre", "km", Some("kilometer"), false, 1000.0),
    unit("foot", "foot", Some("foot"), false, 0.3048),
    unit(
        "US survey foot",
        "US_survey_foot",
        None,
        false,
        1200.0 / 3937.0,
    ),
    unit("degree", "degree", Some("degree"), true, wkt::DEGREE),
    unit("grad", "grad", None, true, wkt::DEGREE * 0.9),
    unit("radian", "radian", None, true, 1.0),
];

const fn unit(
    wkt: &'static str,
    udunits: &'static str,
    ome: Option<&'static str>,
    angle: bool,
    size: f64,
) -> Unit {
    Unit {
        wkt,
        udunits,
        ome,
        angle,
        size,
    }
}

#[cfg(test)]
mod tests;
