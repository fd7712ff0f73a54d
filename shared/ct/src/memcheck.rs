//! valgrind's client requests, as `valgrind/memcheck.h` writes them: an instruction sequence that does nothing on the
//! processor and that valgrind takes as a call. The numbers are part of its stable interface.

/// `VG_USERREQ__RUNNING_ON_VALGRIND`
const RUNNING_ON_VALGRIND: usize = 0x1001;
/// `VG_USERREQ__COUNT_ERRORS`
const COUNT_ERRORS: usize = 0x1201;
/// `VG_USERREQ_TOOL_BASE('M', 'C')`
const MEMCHECK: usize = 0x4d43_0000;
const MAKE_MEM_UNDEFINED: usize = MEMCHECK + 1;
const MAKE_MEM_DEFINED: usize = MEMCHECK + 2;
const GET_VBITS: usize = MEMCHECK + 8;

/// Whether somebody looks.
pub fn is_running() -> bool {
    request([RUNNING_ON_VALGRIND, 0, 0, 0, 0, 0]) != 0
}

/// How many errors memcheck has reported so far, each occurrence counted.
pub fn reports() -> usize {
    request([COUNT_ERRORS, 0, 0, 0, 0, 0])
}

/// From now on a branch or an address that depends on these bytes is an error.
pub fn mark_secret(bytes: &[u8]) {
    request([MAKE_MEM_UNDEFINED, bytes.as_ptr().addr(), bytes.len(), 0, 0, 0]);
}

/// From now on these bytes may be branched on.
pub fn mark_public(bytes: &mut [u8]) {
    request([MAKE_MEM_DEFINED, bytes.as_mut_ptr().addr(), bytes.len(), 0, 0, 0]);
}

/// Whether each of these bytes has at least one bit that depends on a secret.
pub fn is_secret(bytes: &[u8]) -> bool {
    let mut shadow = vec![0_u8; bytes.len()];
    let done = request([GET_VBITS, bytes.as_ptr().addr(), shadow.as_mut_ptr().addr(), bytes.len(), 0, 0]);
    done == 1 && shadow.iter().all(|bits| *bits != 0)
}

#[cfg(target_arch = "x86_64")]
fn request(arguments: [usize; 6]) -> usize {
    let result: usize;
    #[expect(unsafe_code, reason = "valgrind takes its requests by this sequence, see PLAT_amd64_linux in valgrind.h")]
    // SAFETY: `rdi` is turned by 128 bits in all and so comes back as it was, `rbx` is exchanged with itself. valgrind
    // reads `arguments` and what they point to; both live longer than the request. Where it writes, the caller holds a
    // mutable reference. It puts its answer into `rdx`, which stays 0 where no valgrind is.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") 0_usize => result,
        );
    }
    result
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_arguments: [usize; 6]) -> usize {
    0
}
