//! Aggregates events along time.
//!
//! `bins TICKS VALUES TYPE NODATA UNITS CALENDAR DIRECTORY NAME...`: TICKS is a file of native-endian
//! int64, VALUES one of the frames of those events, with elements of TYPE; NODATA is their missing value or
//! `none`. For each NAME of an aggregator in time one line of JSON is printed: of bins the `label` and the
//! number of cells, whose values are in the file DIRECTORY/NAME, bin after bin from the first event to the
//! last, and their type; of fewer events the positions that are `kept`.

use std::path::Path;

use serde_json::json;
use ziggurat_core::time::TimeUnits;
use ziggurat_core::{Attributes, ElementType, Error, Result, Scalar, Variable, element};
use ziggurat_pyramid::time::{
    Bin, Binner, Binning, Statistic, TickBins, TimeAggregator, frame_mean,
};

struct Events {
    base: Variable,
    units: TimeUnits,
    ticks: Vec<i64>,
    frames: Vec<u8>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [
        ticks,
        values,
        kind,
        nodata,
        units,
        calendar,
        directory,
        names @ ..,
    ] = &arguments[..]
    else {
        let what = "give TICKS VALUES TYPE NODATA UNITS CALENDAR DIRECTORY NAME...";
        return Err(Error::caller("bins", what));
    };
    let read = |path: &str| std::fs::read(path).map_err(|e| Error::io(path, "read", e));
    let events = Events {
        base: Variable {
            name: "values".into(),
            element: kind.parse()?,
            dims: Vec::new(),
            nodata: number(nodata),
            fill: None,
            attributes: Attributes::new(),
            crs: None,
            transform: None,
        },
        units: TimeUnits::parse(units, Some(calendar))?,
        ticks: element::to_values(&read(ticks)?),
        frames: read(values)?,
    };
    for name in names {
        let line = match TimeAggregator::parse(name, events.units.calendar())? {
            TimeAggregator::Bin(statistic, binning) => {
                events.bin(statistic, binning, &Path::new(directory).join(name))?
            }
            TimeAggregator::Thin(thin) => {
                let frames = events.frames.chunks(events.frame());
                let series = frames.map(|frame| frame_mean(&events.base, frame));
                let series: Vec<f64> = series.collect::<Result<_>>()?;
                json!({"kept": thin.keep(&events.units, &events.ticks, &series)?})
            }
        };
        println!("{line}");
    }
    Ok(())
}

/// Integers stay exact.
fn number(text: &str) -> Option<Scalar> {
    let integer = text.parse().map(Scalar::Int);
    integer.or_else(|_| text.parse().map(Scalar::Float)).ok()
}

impl Events {
    /// Bytes of one frame.
    fn frame(&self) -> usize {
        (self.frames.len() / self.ticks.len().max(1)).max(1)
    }

    fn bin(&self, statistic: Statistic, binning: Binning, to: &Path) -> Result<serde_json::Value> {
        let bins = TickBins::new(binning, self.units.clone())?;
        let cells = self.frame() / self.base.element.size();
        let (Some(&first), Some(&last)) = (self.ticks.first(), self.ticks.last()) else {
            return Err(Error::caller("bins", "give events"));
        };
        let numbers = bins.number(first)?..bins.number(last)? + 1;
        let made = statistic.output(&self.base, &self.units)?;
        let empty = match (made.nodata, made.element.is_float()) {
            (Some(value), _) => value,
            (None, true) => Scalar::Float(f64::NAN),
            (None, false) => Scalar::UInt(0),
        };
        let empty = empty.to_element(made.element).unwrap_or_default();
        let mut out = Vec::new();
        let mut next = numbers.start;
        let mut keep = |bin: Bin<'_>| {
            for _ in next..bin.number {
                out.extend(empty.repeat(cells));
            }
            next = bin.number + 1;
            out.extend_from_slice(&bin.values[0]);
            Ok(())
        };
        let mut binner = Binner::new(&self.base, cells, &bins, &[statistic])?;
        // A few events at a time, as a store has them.
        for (ticks, frames) in self
            .ticks
            .chunks(7)
            .zip(self.frames.chunks(7 * self.frame()))
        {
            binner.push(ticks, frames, &mut keep)?;
        }
        binner.finish(&mut keep)?;
        std::fs::write(to, out).map_err(|e| Error::io(to, "write", e))?;
        let labels = numbers.map(|number| bins.label(number).map(Scalar::as_f64));
        let labels: Vec<Option<f64>> = labels.collect();
        let kind: ElementType = made.element;
        Ok(json!({"label": labels, "cells": cells, "type": kind.name()}))
    }
}
