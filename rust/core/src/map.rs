//! Zeroed memory for tables: huge pages are asked for before the first touch.
//!
//! A table of megabytes that is probed at random misses the TLB at every probe on 4 KiB pages;
//! on Linux the kernel gives 2 MiB pages only to memory that asked before it was touched.

#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// From this size on huge pages are asked for.
const HUGE: usize = 2 << 20;

/// Types whose value with all bytes zero is valid, without `Drop`.
///
/// # Safety
/// The implementor promises that all-zero bytes are a valid value and that it needs no drop.
pub unsafe trait ZeroIsValid: Copy {}

// SAFETY: integers and arrays of them are valid for all bit patterns.
unsafe impl ZeroIsValid for u32 {}
// SAFETY: as above.
unsafe impl ZeroIsValid for u64 {}
// SAFETY: as above.
unsafe impl<T: ZeroIsValid, const N: usize> ZeroIsValid for [T; N] {}

/// A table whose elements are one cache line: eight tags and eight values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Line {
    pub tags: [u32; 8],
    pub values: [u32; 8],
}

// SAFETY: sixteen integers.
unsafe impl ZeroIsValid for Line {}

/// A fixed number of elements (at least one), zero at first; memory is used as it is touched.
pub struct Zeroed<T: ZeroIsValid> {
    start: NonNull<T>,
    len: usize,
    memory: Memory,
}

/// What is given back at the end.
enum Memory {
    Allocated(Layout),
    #[cfg(target_os = "linux")]
    Mapped {
        start: *mut libc::c_void,
        bytes: usize,
    },
}

// SAFETY: `Zeroed` owns its elements, as a boxed slice does.
unsafe impl<T: ZeroIsValid + Send> Send for Zeroed<T> {}
// SAFETY: shared access gives `&T` only.
unsafe impl<T: ZeroIsValid + Sync> Sync for Zeroed<T> {}

impl<T: ZeroIsValid> Zeroed<T> {
    /// `len` elements; one if `len` is zero.
    pub fn new(len: usize) -> Self {
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= 64) };
        let len = len.max(1);
        let bytes = len.checked_mul(size_of::<T>()).expect("table size overflows");
        #[cfg(target_os = "linux")]
        if bytes >= HUGE
            && let Some((start, memory)) = map_huge(bytes)
        {
            return Self { start: start.cast(), len, memory };
        }
        let layout = Layout::from_size_align(bytes, 64).expect("table size overflows");
        // SAFETY: the layout's size is not zero.
        let raw = unsafe { alloc_zeroed(layout) };
        let Some(start) = NonNull::new(raw) else { handle_alloc_error(layout) };
        Self { start: start.cast(), len, memory: Memory::Allocated(layout) }
    }

    /// Bytes of memory, touched or not.
    pub fn bytes(&self) -> usize {
        self.len * size_of::<T>()
    }

    /// The element at `index` modulo the length, which is meant to be a power of two (with
    /// another length it is still one of the elements).
    #[inline(always)]
    pub fn masked(&self, index: usize) -> &T {
        // SAFETY: `len` is at least one, and `x & (len - 1)` is at most `len - 1`.
        unsafe { self.start.add(index & (self.len - 1)).as_ref() }
    }

    /// As `masked`, to be written.
    #[inline(always)]
    pub fn masked_mut(&mut self, index: usize) -> &mut T {
        // SAFETY: as in `masked`; `self` is borrowed mutably.
        unsafe { self.start.add(index & (self.len - 1)).as_mut() }
    }

    /// Where a hash falls if its range is stretched over the elements.
    #[inline(always)]
    pub fn scale(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.len as u64) >> 32) as usize
    }

    /// Has the line of the element at `index` modulo the length fetched, as in `masked`.
    #[inline(always)]
    pub fn prefetch_masked(&self, index: usize) {
        prefetch(self.masked(index));
    }

    /// Has the line of an element fetched, if there is one.
    #[inline(always)]
    pub fn prefetch(&self, index: usize) {
        if let Some(element) = self.get(index) {
            prefetch(element);
        }
    }
}

/// Has a line fetched into the cache.
#[inline(always)]
fn prefetch<T>(element: &T) {
    let address = std::ptr::from_ref(element);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; the address is valid.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: a hint; it reads and writes no memory.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{0}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = address;
}

/// Zero pages, aligned to and advised as huge pages.
#[cfg(target_os = "linux")]
fn map_huge(bytes: usize) -> Option<(NonNull<u8>, Memory)> {
    let whole = bytes.checked_add(HUGE)?;
    // SAFETY: a new private anonymous mapping; no existing memory is concerned.
    let start = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            whole,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return None;
    }
    let offset = start.align_offset(HUGE);
    // SAFETY: `offset` is below HUGE, so `offset + bytes` is within the mapping.
    let aligned = unsafe { start.cast::<u8>().add(offset) };
    // SAFETY: the range lies within the mapping; the advice changes no content, and a refusal
    // only costs speed.
    unsafe { libc::madvise(aligned.cast(), bytes, libc::MADV_HUGEPAGE) };
    Some((NonNull::new(aligned)?, Memory::Mapped { start, bytes: whole }))
}

impl<T: ZeroIsValid> Clone for Zeroed<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl<T: ZeroIsValid> Drop for Zeroed<T> {
    fn drop(&mut self) {
        match self.memory {
            // SAFETY: allocated with this layout in `new`, freed once.
            Memory::Allocated(layout) => unsafe { dealloc(self.start.as_ptr().cast(), layout) },
            // SAFETY: mapped in `map_huge` with this length, unmapped once.
            #[cfg(target_os = "linux")]
            Memory::Mapped { start, bytes } => unsafe {
                libc::munmap(start, bytes);
            },
        }
    }
}

impl<T: ZeroIsValid> Deref for Zeroed<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: `len` elements were allocated and zeroed, and zero is valid for T.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T: ZeroIsValid> DerefMut for Zeroed<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T: ZeroIsValid> fmt::Debug for Zeroed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zeroed({} elements)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_at_first_then_written() {
        for len in [0, 1, 1000, (3 << 20) / 64] {
            let mut table = Zeroed::<Line>::new(len);
            assert_eq!(table.len(), len.max(1));
            assert!(table.iter().all(|line| line.values == [0; 8]));
            let last = table.len() - 1;
            table[last].tags[7] = 5;
            assert_eq!(table[last].tags[7], 5);
        }
    }
}
