//! What one input may cost: a second of processor time, and 64 MB of memory at a time.
//!
//! `malloc` is replaced, so that the C libraries under us count too. Wall time means nothing on a busy machine; what
//! never ends is stopped by libFuzzer's own `-timeout`.

use std::ffi::c_void;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_MEMORY: i64 = 64 * 1024 * 1024;

/// Bytes that are allocated now.
static ALLOCATED: AtomicI64 = AtomicI64::new(0);
/// How many there may be; nothing is said outside of [`watch`].
static CEILING: AtomicI64 = AtomicI64::new(i64::MAX);

/// Runs one input within the limits.
///
/// # Panics
/// When it takes too long. (Too much memory ends the process.)
pub fn watch<T>(run: impl FnOnce() -> T) -> T {
    let start = processor_time();
    CEILING.store(ALLOCATED.load(Relaxed) + MOST_MEMORY, Relaxed);
    let outcome = run();
    CEILING.store(i64::MAX, Relaxed);
    let took = processor_time().saturating_sub(start);
    assert!(took < MOST_TIME, "one input took {took:?}");
    outcome
}

/// Keeps xmlsec, which was initialised with `ready`, from writing each refusal to the standard error.
pub fn quietly<T>(ready: T) -> T {
    // SAFETY: null stands for no callback.
    unsafe { xmlSecErrorsSetCallback(std::ptr::null()) };
    ready
}

fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists, and `time` may be written.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn count(bytes: i64) {
    let allocated = ALLOCATED.fetch_add(bytes, Relaxed) + bytes;
    if bytes > 0 && allocated > CEILING.load(Relaxed) {
        let text = b"one input allocated more than 64 MB\n";
        // SAFETY: writes a constant; nothing may allocate here.
        unsafe {
            libc::write(2, text.as_ptr().cast(), text.len());
            libc::abort();
        }
    }
}

fn size(block: *mut c_void) -> i64 {
    // SAFETY: `block` is null or was made by the functions below.
    i64::try_from(unsafe { libc::malloc_usable_size(block) }).unwrap_or(i64::MAX)
}

/// A size that is refused before it is tried: the kernel would promise it.
fn announce(bytes: usize) {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
    count(bytes);
    ALLOCATED.fetch_sub(bytes, Relaxed);
}

unsafe extern "C" {
    fn xmlSecErrorsSetCallback(callback: *const c_void);
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_free(block: *mut c_void);
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(bytes: usize) -> *mut c_void {
    announce(bytes);
    let block = unsafe { __libc_malloc(bytes) };
    count(size(block));
    block
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn calloc(number: usize, bytes: usize) -> *mut c_void {
    announce(number.saturating_mul(bytes));
    let block = unsafe { __libc_calloc(number, bytes) };
    count(size(block));
    block
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(block: *mut c_void, bytes: usize) -> *mut c_void {
    let before = size(block);
    announce(bytes.saturating_sub(usize::try_from(before).unwrap_or(0)));
    let moved = unsafe { __libc_realloc(block, bytes) };
    if !moved.is_null() || bytes == 0 {
        count(-before);
        count(size(moved));
    }
    moved
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(block: *mut c_void) {
    count(-size(block));
    unsafe { __libc_free(block) }
}
