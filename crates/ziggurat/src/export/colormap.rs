//! Colours for values.

use ziggurat_core::{Error, Result};

/// A named scale of colours.
///
/// ```
/// use ziggurat::export::Colormap;
/// assert_eq!("grey".parse::<Colormap>()?.color(1.0), [255, 255, 255]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Colormap {
    /// Dark blue over green to yellow, ever lighter: for amounts.
    #[default]
    Sequential,
    /// Black to white.
    Grey,
    /// Blues below 0 and green, brown and white above: for elevation and depth.
    Terrain,
    /// Blue over white at 0 to red: for differences.
    Diverging,
}

type Rgb = [u8; 3];

impl Colormap {
    /// All colour maps.
    pub const ALL: [Self; 4] = [Self::Sequential, Self::Grey, Self::Terrain, Self::Diverging];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Grey => "grey",
            Self::Terrain => "terrain",
            Self::Diverging => "diverging",
        }
    }

    /// Positions and colours between which colours are interpolated.
    const fn stops(self) -> &'static [(f64, Rgb)] {
        match self {
            // Equal steps of lightness, so that it also reads in grey and to the colour-blind.
            Self::Sequential => &[
                (0.0, [48, 10, 82]),
                (0.2, [58, 62, 134]),
                (0.4, [38, 108, 140]),
                (0.6, [30, 152, 132]),
                (0.8, [110, 198, 88]),
                (1.0, [250, 232, 46]),
            ],
            Self::Grey => &[(0.0, [0, 0, 0]), (1.0, [255, 255, 255])],
            Self::Terrain => &[
                (0.0, [12, 22, 76]),
                (0.25, [30, 82, 156]),
                (0.4999, [176, 220, 240]),
                (0.5, [44, 120, 66]),
                (0.6, [126, 172, 92]),
                (0.7, [222, 212, 148]),
                (0.85, [146, 104, 70]),
                (1.0, [252, 252, 252]),
            ],
            Self::Diverging => &[
                (0.0, [24, 52, 120]),
                (0.25, [92, 146, 204]),
                (0.5, [246, 246, 246]),
                (0.75, [222, 118, 92]),
                (1.0, [124, 16, 36]),
            ],
        }
    }

    /// The colour at `position`, from 0 to 1; what lies beyond has the colour of the end.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean of two bytes is a byte"
    )]
    pub fn color(self, position: f64) -> [u8; 3] {
        let stops = self.stops();
        let position = position.clamp(0.0, 1.0);
        for pair in stops.windows(2) {
            let ((from, low), (to, high)) = (pair[0], pair[1]);
            if position <= to {
                let t = (position - from) / (to - from);
                let mix = |i: usize| {
                    let (a, b) = (f64::from(low[i]), f64::from(high[i]));
                    (a + (b - a) * t).round() as u8
                };
                return [mix(0), mix(1), mix(2)];
            }
        }
        stops[stops.len() - 1].1
    }

    /// Where `value` lies on the scale for a range of values, from 0 to 1.
    ///
    /// Terrain and diverging maps have 0 in the middle; on terrain each side fills its half, on
    /// diverging maps both sides have one scale. A range of one value lies in the middle.
    #[must_use]
    pub fn position(self, value: f64, (low, high): (f64, f64)) -> f64 {
        let within = |low: f64, high: f64| {
            let position = (value - low) / (high - low);
            if position.is_nan() {
                0.5
            } else {
                position.clamp(0.0, 1.0)
            }
        };
        match self {
            Self::Diverging if low < 0.0 && high > 0.0 => {
                let most = high.max(-low);
                within(-most, most)
            }
            Self::Terrain if value < 0.0 => (within(low, high.min(0.0)) / 2.0).min(0.4999),
            Self::Terrain => 0.5 + within(low.max(0.0), high) / 2.0,
            Self::Sequential | Self::Grey | Self::Diverging => within(low, high),
        }
    }
}

impl std::fmt::Display for Colormap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Colormap {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|m| m.name() == name)
            .ok_or_else(|| {
                let what = "no such colour map: sequential, grey, terrain or diverging";
                Error::caller(name, what)
            })
    }
}
