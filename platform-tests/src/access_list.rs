//! Changes the access rights of a file on Windows. The system's `icacls` does the same, and Wine
//! lacks it.

#![expect(unsafe_code, reason = "the system's calls; each block says why it is sound")]

use std::io::Error;
use std::os::windows::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, SetFileSecurityW};

/// Grants everyone all rights to a file or a folder.
///
/// # Panics
/// The system refuses it.
pub fn let_everyone_write(path: &Path) {
    let wide = |text: &std::ffi::OsStr| text.encode_wide().chain([0]).collect::<Vec<u16>>();
    // "Security Descriptor Definition Language": allow file-all-access to the well-known "world".
    let list = wide("D:(A;;FA;;;WD)".as_ref());
    let mut descriptor = null_mut();
    // SAFETY: the text ends with a zero, and `descriptor` is where the result goes.
    let done = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            list.as_ptr(),
            SDDL_REVISION_1,
            &mut descriptor,
            null_mut(),
        )
    };
    assert_ne!(done, 0, "{}", Error::last_os_error());
    let name = wide(path.as_os_str());
    // SAFETY: the path ends with a zero, and the call above made the descriptor.
    let done = unsafe { SetFileSecurityW(name.as_ptr(), DACL_SECURITY_INFORMATION, descriptor) };
    let error = Error::last_os_error();
    // SAFETY: the call above allocated it for this function, and it is not used afterwards.
    unsafe { LocalFree(descriptor) };
    assert_ne!(done, 0, "{}: {error}", path.display());
}
