//! The subset of Python literals that `NumPy` describes types and headers with.

/// A Python literal.
#[derive(Debug, PartialEq, Eq)]
pub enum Literal {
    /// `'text'`, without escapes.
    Text(String),
    /// `True` or `False`.
    Bool(bool),
    /// A number; one beyond 64 bits is the largest.
    Int(u64),
    /// A list or tuple.
    Sequence(Vec<Literal>),
    /// Of texts to anything, in the order given.
    Dict(Vec<(String, Literal)>),
}

impl Literal {
    /// Sizes in a list or tuple.
    #[must_use]
    pub fn into_sizes(self) -> Option<Vec<u64>> {
        let Self::Sequence(items) = self else {
            return None;
        };
        let size = |item| match item {
            Self::Int(n) => Some(n),
            _ => None,
        };
        items.into_iter().map(size).collect()
    }
}

/// Deepest nesting that is followed: structured types nest a few levels, plain ones none.
const MAX_DEPTH: usize = 32;

/// The literal that `bytes` hold, white space around it allowed; `None` for anything else.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Literal> {
    let mut parser = Parser { bytes };
    let literal = parser.literal(0)?;
    parser.skip_space();
    parser.bytes.is_empty().then_some(literal)
}

struct Parser<'a> {
    bytes: &'a [u8],
}

impl Parser<'_> {
    fn skip_space(&mut self) {
        self.bytes = self.bytes.trim_ascii_start();
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.bytes.first() == Some(&byte);
        if found {
            self.bytes = &self.bytes[1..];
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.accept(byte).then_some(())
    }

    /// The longest run of bytes that satisfy `f`, not empty.
    fn run(&mut self, f: impl Fn(u8) -> bool) -> Option<String> {
        let end = self.bytes.iter().position(|&b| !f(b));
        let (run, rest) = self.bytes.split_at(end.unwrap_or(self.bytes.len()));
        self.bytes = rest;
        (!run.is_empty()).then(|| String::from_utf8_lossy(run).into_owned())
    }

    fn literal(&mut self, depth: usize) -> Option<Literal> {
        self.skip_space();
        match *self.bytes.first()? {
            quote @ (b'\'' | b'"') => {
                self.accept(quote);
                let text = self.run(|b| b != quote).unwrap_or_default();
                // Blanks within quotes belong to the text, so that only the quote may follow.
                self.expect(quote)?;
                Some(Literal::Text(text))
            }
            b'(' if depth < MAX_DEPTH => self.sequence(b'(', b')', depth),
            b'[' if depth < MAX_DEPTH => self.sequence(b'[', b']', depth),
            b'{' if depth < MAX_DEPTH => self.dict(depth),
            b'0'..=b'9' => {
                let digits = self.run(|b| b.is_ascii_digit())?;
                // Python 2 wrote long integers as 12L.
                self.bytes = self.bytes.strip_prefix(b"L").unwrap_or(self.bytes);
                // Beyond 64 bits is too large, not malformed: the reader's limits say so.
                Some(Literal::Int(digits.parse().unwrap_or(u64::MAX)))
            }
            _ => match self.run(|b| b.is_ascii_alphabetic())?.as_str() {
                "True" => Some(Literal::Bool(true)),
                "False" => Some(Literal::Bool(false)),
                _ => None,
            },
        }
    }

    fn sequence(&mut self, open: u8, close: u8, depth: usize) -> Option<Literal> {
        self.expect(open)?;
        let mut items = Vec::new();
        while !self.accept(close) {
            items.push(self.literal(depth + 1)?);
            if !self.accept(b',') {
                self.expect(close)?;
                break;
            }
        }
        Some(Literal::Sequence(items))
    }

    fn dict(&mut self, depth: usize) -> Option<Literal> {
        self.expect(b'{')?;
        let mut entries = Vec::new();
        while !self.accept(b'}') {
            let Literal::Text(key) = self.literal(depth + 1)? else {
                return None;
            };
            self.expect(b':')?;
            entries.push((key, self.literal(depth + 1)?));
            if !self.accept(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        Some(Literal::Dict(entries))
    }
}
