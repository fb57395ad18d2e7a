//! Which arrays below a directory are meant, told from the metadata files alone.

use std::path::Path;

use serde_json::Value;
use ziggurat_core::{Attributes, Error, Result};

use super::ome::Ome;

/// Files that make a directory a Zarr node.
pub(super) const METADATA: [&str; 3] = ["zarr.json", ".zarray", ".zgroup"];

/// Largest metadata file that is read; consolidated metadata of thousands of arrays fits.
const MAX_METADATA: u64 = 256 << 20;

/// Deepest nesting of groups that is followed.
const MAX_DEPTH: usize = 16;

/// The arrays that are meant.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Path of the finest level with a slash behind, or nothing without levels.
    pub(super) level: String,
    /// Every array to interpret.
    pub(super) arrays: Vec<ArrayNode>,
}

/// One array.
#[derive(Debug)]
pub(super) struct ArrayNode {
    /// Path below the root, without leading slash; empty for the root itself.
    pub(super) path: String,
    /// What its groups say about the place on the earth; the nearest group wins.
    pub(super) inherited: Attributes,
    /// Name that the pyramid gives to it.
    pub(super) name: Option<String>,
    /// Axes that OME-NGFF metadata gives to it.
    pub(super) ome: Option<Ome>,
}

enum Node {
    Array,
    Group(Attributes),
}

/// Finds the arrays below `root`.
pub(super) fn walk(root: &Path, place: &str) -> Result<Tree> {
    let mut walker = Walker {
        root,
        place,
        tree: Tree::default(),
    };
    walker.collect("", &Attributes::new(), 0)?;
    Ok(walker.tree)
}

struct Walker<'a> {
    root: &'a Path,
    place: &'a str,
    tree: Tree,
}

impl Walker<'_> {
    /// Appends the arrays at `path`, whose groups say `outer`.
    fn collect(&mut self, path: &str, outer: &Attributes, depth: usize) -> Result<()> {
        let attributes = match self.node(path)? {
            Some(Node::Array) => {
                self.push(path, outer);
                return Ok(());
            }
            Some(Node::Group(attributes)) => attributes,
            None if depth == 0 => {
                let what = "a Zarr array or group (zarr.json, .zarray or .zgroup)";
                return Err(Error::not_found(self.place, what));
            }
            None => {
                let what = format!("{path} is named by multiscales, but it is no Zarr node");
                return Err(Error::data(self.place, what));
            }
        };
        if depth > MAX_DEPTH {
            let what = format!("groups are nested deeper than {MAX_DEPTH} at {path}");
            return Err(Error::limit(self.place, what));
        }
        let mut inherited = outer.clone();
        let place_on_earth =
            |key: &str| key.starts_with("proj:") || key.starts_with("spatial:") || key == "_CRS";
        let own = attributes.iter().filter(|(key, _)| place_on_earth(key));
        inherited.extend(own.map(|(k, v)| (k.clone(), v.clone())));

        let (mut arrays, mut groups) = (Vec::new(), Vec::new());
        for child in self.children(path)? {
            match self.node(&child)? {
                Some(Node::Array) => arrays.push(child),
                Some(Node::Group(_)) => groups.push(child),
                None => {}
            }
        }
        if let Some(level) = self.finest(path, &attributes, &arrays, &groups)? {
            return self.collect_level(path, &level, &attributes, &inherited, depth);
        }
        if arrays.is_empty() {
            return groups
                .iter()
                .try_for_each(|g| self.collect(g, &inherited, depth + 1));
        }
        for group in groups {
            tracing::warn!(
                "{}: the group {group} is left out; open it by its own path",
                self.place
            );
        }
        for array in &arrays {
            self.push(array, &inherited);
        }
        Ok(())
    }

    /// Appends the level `level` of the pyramid at `path`.
    fn collect_level(
        &mut self,
        path: &str,
        level: &str,
        attributes: &Attributes,
        inherited: &Attributes,
        depth: usize,
    ) -> Result<()> {
        let before = self.tree.arrays.len();
        self.collect(level, inherited, depth + 1)?;
        let ome = Ome::parse(attributes);
        let single = matches!(self.node(level)?, Some(Node::Array));
        let dataset = ome.as_ref().map(|o| join(path, &o.path));
        for array in &mut self.tree.arrays[before..] {
            array.ome = ome
                .clone()
                .filter(|_| dataset.as_ref() == Some(&array.path));
            // An array that is a level is named by its number, which is no name.
            array.name = ome.as_ref().and_then(|o| o.name.clone()).filter(|_| single);
        }
        if self.tree.level.is_empty() {
            level.clone_into(&mut self.tree.level);
            if !single {
                self.tree.level.push('/');
            }
        }
        Ok(())
    }

    fn push(&mut self, path: &str, inherited: &Attributes) {
        let (path, inherited) = (path.to_owned(), inherited.clone());
        self.tree.arrays.push(ArrayNode {
            path,
            inherited,
            name: None,
            ome: None,
        });
    }

    /// Path of the finest level if the group at `path` is a pyramid.
    fn finest(
        &self,
        path: &str,
        attributes: &Attributes,
        arrays: &[String],
        groups: &[String],
    ) -> Result<Option<String>> {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        let multiscales = attributes.get("multiscales");
        let layout = multiscales.and_then(|m| m.get("layout")?.as_array());
        let base = layout.and_then(|levels| {
            let derived = |l: &&Value| l.get("derived_from").is_some_and(|d| !d.is_null());
            let first = levels.iter().find(|l| !derived(l)).or(levels.first());
            text(first?.get("asset")?)
        });
        let first = |m: &Value| text(m.get(0)?.get("datasets")?.get(0)?.get("path")?);
        let ome = || {
            attributes
                .get("ome")
                .and_then(|o| first(o.get("multiscales")?))
        };
        let named = base.or_else(ome).or_else(|| multiscales.and_then(first));
        if let Some(named) = named {
            let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
            let relative = named.trim_matches('/');
            if relative.is_empty() || relative == "." {
                return Ok(None);
            }
            if !relative.split('/').all(plain) {
                let what =
                    format!("multiscales names the level {named:?}, which is no path below it");
                return Err(Error::data(self.place, what));
            }
            return Ok(Some(join(path, relative)));
        }
        let zero = join(path, "0");
        Ok((arrays.is_empty() && groups.contains(&zero)).then_some(zero))
    }

    /// Paths of the directories in `path` that may be nodes, sorted.
    fn children(&self, path: &str) -> Result<Vec<String>> {
        let directory = self.root.join(path);
        let io = |e| Error::io(&directory, "list the Zarr group", e);
        let mut children = Vec::new();
        for entry in std::fs::read_dir(&directory).map_err(io)? {
            let entry = entry.map_err(io)?;
            // Names that start with __ are reserved; others that are not text are no node names.
            let name = entry
                .file_name()
                .into_string()
                .ok()
                .filter(|n| !n.starts_with("__"));
            if let Some(name) = name.filter(|_| entry.path().is_dir()) {
                children.push(join(path, &name));
            }
        }
        children.sort();
        Ok(children)
    }

    /// What the directory at `path` is, if it is a node.
    fn node(&self, path: &str) -> Result<Option<Node>> {
        if let Some(metadata) = self.json(path, "zarr.json")? {
            let kind = metadata.get("node_type").and_then(Value::as_str);
            return match kind {
                Some("array") => Ok(Some(Node::Array)),
                Some("group") => {
                    let attributes = metadata.get("attributes").and_then(Value::as_object);
                    Ok(Some(Node::Group(attributes.cloned().unwrap_or_default())))
                }
                _ => {
                    let file = join(path, "zarr.json");
                    let what = format!("{file} says neither node_type array nor group");
                    Err(Error::data(self.place, what))
                }
            };
        }
        if self.root.join(path).join(".zarray").is_file() {
            return Ok(Some(Node::Array));
        }
        if self.json(path, ".zgroup")?.is_none() {
            return Ok(None);
        }
        let attributes = self.json(path, ".zattrs")?;
        let attributes = attributes.and_then(|a| a.as_object().cloned());
        Ok(Some(Node::Group(attributes.unwrap_or_default())))
    }

    /// The metadata file `name` of the node at `path`, if it exists.
    fn json(&self, path: &str, name: &str) -> Result<Option<Value>> {
        let file = self.root.join(path).join(name);
        let io = |e| Error::io(&file, "read the Zarr metadata", e);
        let bytes = match std::fs::metadata(&file) {
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(e) => return Err(io(e)),
            Ok(m) if m.len() > MAX_METADATA => {
                let what = format!("{} is {} bytes long", file.display(), m.len());
                return Err(Error::limit(self.place, what));
            }
            Ok(_) => std::fs::read(&file).map_err(io)?,
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| Error::data(self.place, format!("{}: {e}", join(path, name))))
    }
}

/// `name` within `path`.
pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        _ => format!("{path}/{name}"),
    }
}
