//! The tree of a WKT string, version 1 or 2, and where things stand in it.

use crate::{Error, Result};

/// One degree in radians.
pub(super) const DEGREE: f64 = std::f64::consts::PI / 180.0;

/// Deeper nesting than any real system has; guards the stack.
const MAX_DEPTH: usize = 32;

/// The version of WKT in which a coordinate reference system starts with `keyword`.
pub(super) fn version(keyword: &str) -> Option<u8> {
    match keyword.to_ascii_uppercase().as_str() {
        "GEOGCS" | "PROJCS" | "GEOCCS" | "COMPD_CS" | "VERT_CS" | "LOCAL_CS" | "FITTED_CS" => {
            Some(1)
        }
        "GEOGCRS" | "GEOGRAPHICCRS" | "GEODCRS" | "GEODETICCRS" | "PROJCRS" | "PROJECTEDCRS"
        | "COMPOUNDCRS" | "BOUNDCRS" | "DERIVEDPROJCRS" | "ENGCRS" | "ENGINEERINGCRS"
        | "VERTCRS" | "VERTICALCRS" => Some(2),
        _ => None,
    }
}

/// Whether `wkt` is of version 2, judged by its first keyword.
pub(super) fn is_wkt2(wkt: &str) -> bool {
    let keyword = wkt.split(['[', '(']).next().unwrap_or_default();
    version(keyword.trim()) == Some(2)
}

/// `KEYWORD[argument, ...]`; the keyword is upper case.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) keyword: String,
    args: Vec<Argument>,
}

#[derive(Debug)]
enum Argument {
    Node(Node),
    /// A quoted text, a number or an enumeration word.
    Text(String),
}

impl Node {
    /// Parses the whole of `text`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { rest: text };
        let node = parser.node(0).filter(|_| parser.rest.trim().is_empty());
        node.ok_or_else(|| Error::data("CRS", format!("not WKT: {}", head(text))))
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        self.args.iter().filter_map(|a| match a {
            Argument::Node(n) => Some(n),
            Argument::Text(_) => None,
        })
    }

    /// The first child with one of these keywords.
    pub(super) fn child(&self, keywords: &[&str]) -> Option<&Self> {
        self.children()
            .find(|c| keywords.contains(&c.keyword.as_str()))
    }

    /// Every child with this keyword.
    pub(super) fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children().filter(move |c| c.keyword == keyword)
    }

    /// The text of argument `index`.
    pub(super) fn text(&self, index: usize) -> Option<&str> {
        match self.args.get(index)? {
            Argument::Text(t) => Some(t),
            Argument::Node(_) => None,
        }
    }

    /// The finite number of argument `index`.
    pub(super) fn number(&self, index: usize) -> Option<f64> {
        let value: f64 = self.text(index)?.parse().ok()?;
        value.is_finite().then_some(value)
    }

    /// The part that X and Y are in: inside compound and bound systems, else itself.
    pub(super) fn horizontal(&self) -> &Self {
        let inner = match self.keyword.as_str() {
            "COMPD_CS" | "COMPOUNDCRS" => self.children().next(),
            "BOUNDCRS" => self.child(&["SOURCECRS"]).and_then(|s| s.children().next()),
            _ => None,
        };
        inner.map_or(self, Self::horizontal)
    }

    /// `AUTHORITY:code` of the node, or of its horizontal part.
    pub(super) fn identifier(&self) -> Option<String> {
        let own = |node: &Self| {
            let id = node.child(&["AUTHORITY", "ID"])?;
            Some(format!("{}:{}", id.text(0)?, id.text(1)?))
        };
        own(self).or_else(|| own(self.horizontal()))
    }

    pub(super) fn is_geographic(&self) -> bool {
        match self.keyword.as_str() {
            "GEOGCS" | "GEOGCRS" | "GEOGRAPHICCRS" => true,
            "GEODCRS" | "GEODETICCRS" => self
                .child(&["CS"])
                .and_then(|cs| cs.text(0))
                .is_some_and(|kind| kind.eq_ignore_ascii_case("ellipsoidal")),
            _ => false,
        }
    }

    /// Name and size (metres or radians) of the unit of its axes.
    pub(super) fn unit(&self) -> Option<(&str, f64)> {
        const UNIT: [&str; 3] = ["UNIT", "LENGTHUNIT", "ANGLEUNIT"];
        let own = || self.child(&UNIT);
        let unit = own().or_else(|| self.child(&["AXIS"])?.child(&UNIT))?;
        Some((unit.text(0)?, unit.number(1)?))
    }
}

/// The beginning of a text, for messages.
fn head(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Recursive descent; `None` means "not WKT".
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn node(&mut self, depth: usize) -> Option<Node> {
        let keyword = self.word()?.to_ascii_uppercase();
        if depth > MAX_DEPTH || !keyword.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        self.eat(&['[', '('])?;
        let mut args = Vec::new();
        loop {
            args.push(self.argument(depth)?);
            match self.eat(&[',', ']', ')'])? {
                ',' => {}
                _ => return Some(Node { keyword, args }),
            }
        }
    }

    fn argument(&mut self, depth: usize) -> Option<Argument> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('"') {
            return self.quoted().map(Argument::Text);
        }
        let start = self.rest;
        let word = self.word()?.to_owned();
        if self.rest.trim_start().starts_with(['[', '(']) {
            self.rest = start;
            return self.node(depth + 1).map(Argument::Node);
        }
        Some(Argument::Text(word))
    }

    /// A quoted text; a quote within it is doubled.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let (part, rest) = self.rest.strip_prefix('"')?.split_once('"')?;
            text.push_str(part);
            self.rest = rest;
            if !rest.starts_with('"') {
                return Some(text);
            }
            text.push('"');
        }
    }

    /// A keyword, a number or an enumeration word.
    fn word(&mut self) -> Option<&str> {
        let text = self.rest.trim_start();
        let end = text.find(|c: char| "[](),\"".contains(c) || c.is_whitespace());
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// One of these characters.
    fn eat(&mut self, accepted: &[char]) -> Option<char> {
        let text = self.rest.trim_start();
        let found = text.chars().next().filter(|c| accepted.contains(c))?;
        self.rest = &text[1..];
        Some(found)
    }
}
