//! Chunk keys: from grid indices and back.

/// How grid indices become keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEncoding {
    /// `c/1/2`
    Default(char),
    /// `1.2`
    V2(char),
}

impl KeyEncoding {
    /// The key of a superchunk, relative to its array.
    #[must_use]
    pub fn key(self, index: &[u64]) -> String {
        let join = |separator: char| {
            let parts: Vec<String> = index.iter().map(u64::to_string).collect();
            parts.join(&separator.to_string())
        };
        match self {
            Self::Default(_) if index.is_empty() => "c".to_owned(),
            Self::Default(separator) => format!("c{separator}{}", join(separator)),
            Self::V2(_) if index.is_empty() => "0".to_owned(),
            Self::V2(separator) => join(separator),
        }
    }

    /// The index behind a key relative to its array; `None` if it is no key of rank `rank`.
    #[must_use]
    pub fn index(self, key: &str, rank: usize) -> Option<Vec<u64>> {
        if rank == 0 {
            return (key == self.key(&[])).then(Vec::new);
        }
        let (rest, separator) = match self {
            Self::Default(s) => (key.strip_prefix('c')?.strip_prefix(s)?, s),
            Self::V2(s) => (key, s),
        };
        let index: Option<Vec<u64>> = rest.split(separator).map(|p| p.parse().ok()).collect();
        index.filter(|i| i.len() == rank)
    }
}
