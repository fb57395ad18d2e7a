//! What a dimension stands for, by the CF conventions, section 4.
//!
//! <https://cfconventions.org/cf-conventions/cf-conventions.html#coordinate-types>

use ziggurat_core::{Attributes, Axis};

use super::text;

/// The role of the dimension whose coordinate variable has this name and these attributes.
///
/// `axis` decides, then `standard_name`, `positive`, `units`, and last the name, which is all that
/// a dimension without coordinates has.
pub(crate) fn axis(name: &str, attributes: &Attributes) -> Axis {
    let get = |key| text(attributes, key).map(str::to_ascii_lowercase);
    let by_axis = match get("axis").as_deref() {
        Some("x") => Some(Axis::X),
        Some("y") => Some(Axis::Y),
        Some("z") => Some(Axis::Z),
        Some("t") => Some(Axis::Time),
        _ => None,
    };
    by_axis
        .or_else(|| get("standard_name").and_then(|n| by_standard_name(&n)))
        .or_else(|| get("positive").map(|_| Axis::Z))
        .or_else(|| get("units").and_then(|u| by_units(&u)))
        .unwrap_or_else(|| by_name(leaf(name)))
}

/// Whether a coordinate variable holds true longitudes or latitudes (not those of a rotated pole).
pub(crate) fn is_geographic(name: &str, attributes: &Attributes) -> bool {
    let get = |key| text(attributes, key).map(str::to_ascii_lowercase);
    match get("standard_name").as_deref() {
        Some("longitude" | "latitude") => return true,
        Some(other) if by_standard_name(other).is_some() => return false,
        _ => {}
    }
    let units = get("units").unwrap_or_default();
    match by_units(&units) {
        Some(axis) => matches!(axis, Axis::X | Axis::Y),
        // Plain degrees are not CF, but common.
        None => {
            matches!(units.as_str(), "degrees" | "degree")
                && matches!(
                    leaf(name).to_ascii_lowercase().as_str(),
                    "lon" | "longitude" | "lat" | "latitude"
                )
        }
    }
}

/// The name without the groups it is in.
fn leaf(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn by_standard_name(name: &str) -> Option<Axis> {
    Some(match name {
        "longitude"
        | "grid_longitude"
        | "projection_x_coordinate"
        | "projection_x_angular_coordinate" => Axis::X,
        "latitude"
        | "grid_latitude"
        | "projection_y_coordinate"
        | "projection_y_angular_coordinate" => Axis::Y,
        "time" => Axis::Time,
        "altitude"
        | "height"
        | "depth"
        | "air_pressure"
        | "geopotential_height"
        | "model_level_number" => Axis::Z,
        "radiation_wavelength" | "sensor_band_central_radiation_wavelength" => Axis::Band,
        // atmosphere_sigma_coordinate, ocean_s_coordinate, ...
        vertical
            if vertical.ends_with("_coordinate")
                && (vertical.starts_with("atmosphere_") || vertical.starts_with("ocean_")) =>
        {
            Axis::Z
        }
        _ => return None,
    })
}

fn by_units(units: &str) -> Option<Axis> {
    if let Some(direction) = units.strip_prefix("degree") {
        return match direction.trim_start_matches(['s', '_']) {
            "east" | "e" => Some(Axis::X),
            "north" | "n" => Some(Axis::Y),
            _ => None,
        };
    }
    match units {
        // The units that CF takes as vertical without `positive`.
        "bar" | "millibar" | "millibars" | "mbar" | "decibar" | "dbar" | "hpa" | "pa"
        | "pascal" | "atm" | "atmosphere" => Some(Axis::Z),
        _ if units.contains(" since ") => Some(Axis::Time),
        _ => None,
    }
}

fn by_name(name: &str) -> Axis {
    match name.to_ascii_lowercase().as_str() {
        "x" | "lon" | "longitude" | "easting" | "rlon" => Axis::X,
        "y" | "lat" | "latitude" | "northing" | "rlat" => Axis::Y,
        "z" | "depth" | "height" | "altitude" | "level" | "lev" | "plev" | "pressure" => Axis::Z,
        "t" | "time" | "date" | "datetime" | "valid_time" => Axis::Time,
        "band" | "bands" | "wavelength" | "channel" | "c" => Axis::Band,
        _ => Axis::Other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attributes(json: &serde_json::Value) -> Attributes {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn finds_the_axis() {
        for (name, attrs, expected, geographic) in [
            (
                "XAX",
                json!({"units": "degrees_east", "axis": "X"}),
                Axis::X,
                true,
            ),
            ("q", json!({"units": "degreeN"}), Axis::Y, true),
            (
                "rlon",
                json!({"standard_name": "grid_longitude", "units": "degrees"}),
                Axis::X,
                false,
            ),
            ("lon", json!({"units": "degrees"}), Axis::X, true),
            ("wind_dir", json!({"units": "degrees"}), Axis::Other, false),
            ("level", json!({"units": "millibars"}), Axis::Z, false),
            (
                "s",
                json!({"standard_name": "ocean_s_coordinate"}),
                Axis::Z,
                false,
            ),
            (
                "d",
                json!({"positive": "down", "units": "METERS"}),
                Axis::Z,
                false,
            ),
            (
                "TIME",
                json!({"units": "hour since 0000-01-01 00:00:00"}),
                Axis::Time,
                false,
            ),
            ("group/y", json!({}), Axis::Y, false),
            ("month", json!({}), Axis::Other, false),
            ("x", json!({"axis": "Y"}), Axis::Y, false),
        ] {
            let attrs = attributes(&attrs);
            assert_eq!(axis(name, &attrs), expected, "{name}");
            assert_eq!(is_geographic(name, &attrs), geographic, "{name}");
        }
    }
}
