//! Reading by [`Selection`].

use super::{Plan, Wanted};
use crate::array::Array;
use crate::memory::zeroed;
use crate::selection::{Order, Picked, Resolved, take};
use crate::{Element, Error, Result, Selection};

/// What [`Array::select`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Size of each dimension of the selection.
    pub shape: Vec<u64>,
    /// The elements, native-endian, in C order.
    pub bytes: Vec<u8>,
}

impl Array {
    /// The elements of a selection. Each block that it touches is fetched and decoded once.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, layout::Layout, store::ObjectBackend};
    /// use ziggurat_core::{Pick, Selection};
    /// # let layout = Layout::unsharded(&[2, 2])?;
    /// # let metadata = ArrayMetadata::new(&[2, 3], ElementType::UInt8, &[0], layout, &"none".parse()?);
    /// # let array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata)?;
    /// array.write(&Region::whole(&[2, 3]), &[1, 2, 3, 4, 5, 6])?;
    /// let turned = array.select(&Selection::from([Pick::from(-1), Pick::from(vec![2, 0, 0])]))?;
    /// assert_eq!((turned.shape, turned.bytes), (vec![3], vec![6, 4, 4]));
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Caller`] if the selection does not fit the array, naming the dimension; otherwise as
    /// [`read`](Self::read).
    pub fn select(&self, selection: &Selection) -> Result<Selected> {
        let resolved = selection.resolve(&self.place(), self.shape())?;
        let shape = resolved.shape();
        let bytes = self.select_resolved(&resolved)?;
        Ok(Selected { shape, bytes })
    }

    /// The elements of a selection as values, in C order.
    ///
    /// # Errors
    /// As [`select`](Self::select), and [`Error::Caller`] if the array has another element type.
    pub fn select_values<T: Element>(&self, selection: &Selection) -> Result<Vec<T>> {
        self.check_type::<T>()?;
        let resolved = selection.resolve(&self.place(), self.shape())?;
        self.select_resolved(&resolved)
    }

    /// The elements of a selection as an `ndarray`.
    ///
    /// # Errors
    /// As [`select_values`](Self::select_values).
    pub fn select_ndarray<T: Element>(&self, selection: &Selection) -> Result<ndarray::ArrayD<T>> {
        let shape = selection.resolve(&self.place(), self.shape())?.shape();
        self.shaped(&shape, self.select_values(selection)?)
    }

    fn select_resolved<T: bytemuck::Pod>(&self, resolved: &Resolved) -> Result<Vec<T>> {
        match resolved {
            Resolved::Product(dims) => self.select_product(dims),
            Resolved::Points(count, lists) => self.select_points(*count, lists),
        }
    }

    fn select_product<T: bytemuck::Pod>(&self, dims: &[Picked]) -> Result<Vec<T>> {
        let product = |of: fn(&Picked) -> u64| {
            let count = dims.iter().map(of).fold(1, u64::saturating_mul);
            self.output_size(count).map(|bytes| bytes / size_of::<T>())
        };
        let asked = product(Picked::asked)?;
        let mut sorted: Vec<T> = zeroed(product(Picked::distinct)?);
        let wanted: Vec<Wanted<'_>> = dims.iter().map(Picked::wanted).collect();
        self.run(
            || Plan::new(self, &wanted),
            bytemuck::cast_slice_mut(&mut sorted),
            true,
        )?;
        if dims.iter().all(|dim| matches!(dim.order, Order::Rising)) {
            return Ok(sorted);
        }
        let mut out: Vec<T> = zeroed(asked);
        let sizes = dims
            .iter()
            .map(|dim| usize::try_from(dim.distinct()).unwrap_or(0));
        let dims: Vec<(usize, &Order)> = sizes.zip(dims.iter().map(|dim| &dim.order)).collect();
        take(
            &dims,
            bytemuck::cast_slice(&sorted),
            bytemuck::cast_slice_mut(&mut out),
        );
        Ok(out)
    }

    fn select_points<T: bytemuck::Pod>(&self, count: usize, lists: &[Vec<u64>]) -> Result<Vec<T>> {
        let length = self.output_size(count as u64)? / size_of::<T>();
        let mut sorted: Vec<T> = zeroed(length);
        let order = Plan::order_of_points(self, count, lists);
        let plan = || Plan::points(self, lists, &order);
        self.run(plan, bytemuck::cast_slice_mut(&mut sorted), true)?;
        let mut out: Vec<T> = zeroed(length);
        let size = self.element().size();
        let elements = bytemuck::cast_slice::<T, u8>(&sorted).chunks_exact(size);
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut out);
        for (element, to) in elements.zip(&order) {
            bytes[to * size..(to + 1) * size].copy_from_slice(element);
        }
        Ok(out)
    }

    pub(super) fn check_type<T: Element>(&self) -> Result<()> {
        if T::TYPE == self.element() {
            return Ok(());
        }
        let what = format!("its elements are {}, not {}", self.element(), T::TYPE);
        Err(Error::caller(self.place(), what))
    }

    /// `values` in an array of this `shape`.
    pub(super) fn shaped<T>(&self, shape: &[u64], values: Vec<T>) -> Result<ndarray::ArrayD<T>> {
        let sizes = shape
            .iter()
            .map(|&n| usize::try_from(n).unwrap_or(usize::MAX));
        ndarray::ArrayD::from_shape_vec(sizes.collect::<Vec<_>>(), values)
            .map_err(|e| Error::other(self.place(), "cannot shape the elements", e))
    }
}
