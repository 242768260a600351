//! The `unsafe` code for Windows: functions that the standard library lacks.
//!
//! Each function makes one or few system calls, and returns values that own their resources.

#![expect(unsafe_code, reason = "the system's calls; each block says why it is sound")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::windows::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use windows_sys::Wdk::System::Threading::{NtQueryInformationProcess, ProcessBasicInformation};
use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, FILETIME, GetLastError, HANDLE, HANDLE_FLAG_INHERIT, LocalFree,
    SetHandleInformation, WAIT_OBJECT_0,
};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::Cryptography::{
    CRYPT_INTEGER_BLOB, CRYPTPROTECT_UI_FORBIDDEN, CryptUnprotectData,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetKernelObjectSecurity, GetTokenInformation,
    OWNER_SECURITY_INFORMATION, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle,
};
use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_BREAKAWAY_OK,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_BREAKAWAY_FROM_JOB, CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CreateProcessW,
    GetCurrentProcess, GetProcessTimes, OpenProcess, OpenProcessToken, PROCESS_BASIC_INFORMATION,
    PROCESS_INFORMATION, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION,
    QueryFullProcessImageNameW, STARTF_USESTDHANDLES, STARTUPINFOW, WaitForSingleObject,
};
use zeroize::{Zeroize as _, Zeroizing};

use crate::command_line::command_line;
use crate::trust::Sid;

/// Owner and access list of an open file or folder, as a self-relative security descriptor.
pub(crate) fn descriptor(file: &File) -> io::Result<Vec<u8>> {
    let mut room = vec![0_u64; 64];
    loop {
        let length = u32::try_from(room.len() * 8).map_err(io::Error::other)?;
        let mut needed = 0;
        // SAFETY: the handle is open, and `room` has `length` bytes, aligned for the descriptor
        // that is written there.
        let done = unsafe {
            GetKernelObjectSecurity(
                file.as_raw_handle(),
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                room.as_mut_ptr().cast(),
                length,
                &mut needed,
            )
        };
        if done != 0 {
            return Ok(room.into_iter().flat_map(u64::to_ne_bytes).collect());
        }
        if last_error() != ERROR_INSUFFICIENT_BUFFER || needed <= length {
            return Err(io::Error::last_os_error());
        }
        room = vec![0; needed.div_ceil(8) as usize];
    }
}

/// The volume and the index of an open file.
pub(crate) fn identity(file: &File) -> io::Result<(u32, u32, u32)> {
    let mut about = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the structure is written to.
    check(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut about) })?;
    Ok((about.dwVolumeSerialNumber, about.nFileIndexHigh, about.nFileIndexLow))
}

/// The user of this process, cached after the first call.
pub(crate) fn caller() -> io::Result<&'static Sid> {
    static CALLER: OnceLock<Sid> = OnceLock::new();

    if let Some(known) = CALLER.get() {
        return Ok(known);
    }
    let mut token: HANDLE = null_mut();
    // SAFETY: the pseudo handle of this process needs no closing; `token` is written to.
    check(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) })?;
    // SAFETY: the call succeeded, so the handle is open and only ours.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // Room for the structure and for the longest SID after it, which has 68 bytes.
    let mut room = [0_u64; 16];
    let mut needed = 0;
    // SAFETY: `room` has the stated number of bytes, aligned for the structure.
    check(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            room.as_mut_ptr().cast(),
            size_of_val(&room) as u32,
            &mut needed,
        )
    })?;
    // SAFETY: the call succeeded, so `room` starts with a TOKEN_USER.
    let sid = unsafe { room.as_ptr().cast::<TOKEN_USER>().read() }.User.Sid;
    // The SID is in `room` as well, after the structure ("TOKEN_USER", Remarks).
    let start = (sid as usize).saturating_sub(room.as_ptr() as usize);
    let bytes: Vec<u8> = room.into_iter().flat_map(u64::to_ne_bytes).collect();
    let sid = bytes.get(start..).and_then(Sid::read);
    let sid = sid.ok_or_else(|| io::Error::other("this process has no user"))?;
    Ok(CALLER.get_or_init(|| sid))
}

/// Decrypts data that `protect` encrypted for this user on this machine.
///
/// # Errors
/// When it is any other data.
pub fn unprotect(protected: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut opened = CRYPT_INTEGER_BLOB { cbData: 0, pbData: null_mut() };
    let given = blob(protected)?;
    // SAFETY: `given` is only read, although its type is mutable; `opened` is written to.
    check(unsafe {
        CryptUnprotectData(
            &given,
            null_mut(),
            null(),
            null(),
            null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &mut opened,
        )
    })?;
    Ok(taken(opened))
}

fn blob(bytes: &[u8]) -> io::Result<CRYPT_INTEGER_BLOB> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    Ok(CRYPT_INTEGER_BLOB { cbData: length, pbData: bytes.as_ptr().cast_mut() })
}

/// Copies the system's buffer, then zeroizes and frees it.
fn taken(blob: CRYPT_INTEGER_BLOB) -> Zeroizing<Vec<u8>> {
    // SAFETY: a successful call has written this many bytes there, which the caller must free with
    // LocalFree ("CryptProtectData", Parameters).
    unsafe {
        let bytes = std::slice::from_raw_parts_mut(blob.pbData, blob.cbData as usize);
        let copy = Zeroizing::new(bytes.to_vec());
        bytes.zeroize();
        LocalFree(blob.pbData.cast());
        copy
    }
}

/// Creates a folder to which only the caller has access, now and for its future files.
/// Administrators and the system have access in any case.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    let list = format!("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{})", caller()?);
    let list = wide(OsStr::new(&list));
    let mut descriptor = null_mut();
    // SAFETY: the text ends with a zero, and `descriptor` is written to.
    check(unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            list.as_ptr(),
            SDDL_REVISION_1,
            &mut descriptor,
            null_mut(),
        )
    })?;
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor,
        bInheritHandle: 0,
    };
    let path = wide(path.as_os_str());
    // SAFETY: the path ends with a zero. The descriptor lives until it is freed below, by the
    // function that its creator documents.
    unsafe {
        let made = check(CreateDirectoryW(path.as_ptr(), &attributes));
        LocalFree(descriptor);
        made
    }
}

/// A group of processes that end together: when this value is dropped, or when this process ends
/// for any reason.
#[derive(Debug)]
pub struct Job(OwnedHandle);

impl Job {
    /// A job with this process and all processes that it starts, except those started to outlive it
    /// ([`start_apart`]).
    ///
    /// # Errors
    /// When the system refuses.
    pub fn of_this_process() -> io::Result<Self> {
        let job = Self::new(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK)?;
        // SAFETY: both handles are open; the pseudo handle needs no closing.
        check(unsafe { AssignProcessToJobObject(job.0.as_raw_handle(), GetCurrentProcess()) })?;
        Ok(job)
    }

    fn new(limits: u32) -> io::Result<Self> {
        // SAFETY: the call gets neither attributes nor a name.
        let job = unsafe { CreateJobObjectW(null(), null()) };
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so the handle is open and only ours.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(job) });
        job.limit(limits)?;
        Ok(job)
    }

    fn limit(&self, flags: u32) -> io::Result<()> {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = flags;
        // SAFETY: the handle is open, and the structure is the one for this class.
        check(unsafe {
            SetInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size_of_val(&limits) as u32,
            )
        })
    }

    /// Lets the processes in the job continue.
    pub fn release(self) {
        // If this fails, they end with the job.
        let _ = self.limit(JOB_OBJECT_LIMIT_BREAKAWAY_OK);
    }
}

/// Stops handing our three streams to child processes by default. The standard library passes every
/// inheritable handle to each child, so a program left in the background would keep the caller's
/// pipe open.
pub fn keep_streams() {
    let [stdin, stdout, stderr] =
        [io::stdin().as_raw_handle(), io::stdout().as_raw_handle(), io::stderr().as_raw_handle()];
    for stream in [stdin, stdout, stderr] {
        // SAFETY: a handle that is closed or null is refused.
        unsafe { SetHandleInformation(stream, HANDLE_FLAG_INHERIT, 0) };
    }
}

/// Makes this process ignore Ctrl-C, which is for the program that it waits for. Child processes
/// are not affected.
pub fn leave_interrupts_to_children() {
    unsafe extern "system" fn is_handled(event: u32) -> i32 {
        // CTRL_C_EVENT and CTRL_BREAK_EVENT.
        i32::from(event <= 1)
    }

    // SAFETY: the handler accesses no data.
    unsafe { SetConsoleCtrlHandler(Some(is_handled), 1) };
}

/// A process started to outlive this one.
#[derive(Debug)]
pub struct Apart(OwnedHandle);

impl Apart {
    /// Returns whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.0.as_raw_handle(), 0) == WAIT_OBJECT_0 }
    }
}

/// Starts `program` so that it outlives this process and the caller's job. It has no window and
/// inherits no handles, so a reader of our output waits only for us. The standard library cannot
/// start a process without its inheritable handles.
///
/// # Errors
/// The system's error.
pub fn start_apart(program: &Path, arguments: &[OsString]) -> io::Result<Apart> {
    let flags = CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP;
    // The first call fails in a job that does not let processes leave.
    start(program, arguments, flags | CREATE_BREAKAWAY_FROM_JOB)
        .or_else(|_| start(program, arguments, flags))
}

fn start(program: &Path, arguments: &[OsString], flags: u32) -> io::Result<Apart> {
    let words =
        std::iter::once(program.as_os_str()).chain(arguments.iter().map(OsString::as_os_str));
    let words: Vec<Vec<u16>> = words.map(|word| word.encode_wide().collect()).collect();
    let mut line = command_line(&words)?;
    let program = wide(program.as_os_str());
    // Gives the process no streams. Without this flag, it would get ours.
    let mut how = STARTUPINFOW {
        cb: size_of::<STARTUPINFOW>() as u32,
        dwFlags: STARTF_USESTDHANDLES,
        ..Default::default()
    };
    let mut started = PROCESS_INFORMATION::default();
    // SAFETY: both texts end with a zero and live until the call returns. The call may write into
    // the line ("CreateProcessW", Parameters). Environment and folder are inherited.
    check(unsafe {
        CreateProcessW(
            program.as_ptr(),
            line.as_mut_ptr(),
            null(),
            null(),
            0,
            flags,
            null(),
            null(),
            &raw mut how,
            &raw mut started,
        )
    })?;
    // SAFETY: the call succeeded, so both handles are open and only ours.
    let [process, _thread] = [started.hProcess, started.hThread]
        .map(|handle| unsafe { OwnedHandle::from_raw_handle(handle) });
    Ok(Apart(process))
}

/// The parent of a running process, which may have ended, and the process's start time.
pub fn process(id: u32) -> Option<(u32, u64)> {
    let process = open(id, PROCESS_QUERY_LIMITED_INFORMATION)?;
    let mut about = PROCESS_BASIC_INFORMATION::default();
    // SAFETY: the handle is open, and the structure is the one for this class.
    let status = unsafe {
        NtQueryInformationProcess(
            process.as_raw_handle(),
            ProcessBasicInformation,
            (&raw mut about).cast(),
            size_of_val(&about) as u32,
            null_mut(),
        )
    };
    if status < 0 {
        return None;
    }
    let mut times = [FILETIME::default(); 4];
    let [started, ended, kernel, user] = &mut times;
    // SAFETY: the handle is open, and all four structures are written to.
    check(unsafe { GetProcessTimes(process.as_raw_handle(), started, ended, kernel, user) })
        .ok()?;
    let started = u64::from(started.dwHighDateTime) << 32 | u64::from(started.dwLowDateTime);
    Some((u32::try_from(about.InheritedFromUniqueProcessId).ok()?, started))
}

/// The executable of a process.
pub fn program_of(id: u32) -> Option<PathBuf> {
    let process = open(id, PROCESS_QUERY_LIMITED_INFORMATION)?;
    let mut path = vec![0_u16; 1024];
    let mut length = path.len() as u32;
    // SAFETY: the handle is open, and `path` has room for `length` characters.
    check(unsafe {
        QueryFullProcessImageNameW(
            process.as_raw_handle(),
            PROCESS_NAME_WIN32,
            path.as_mut_ptr(),
            &mut length,
        )
    })
    .ok()?;
    Some(OsString::from_wide(path.get(..length as usize)?).into())
}

fn open(id: u32, rights: u32) -> Option<OwnedHandle> {
    // SAFETY: all arguments are numbers.
    let process = unsafe { OpenProcess(rights, 0, id) };
    // SAFETY: a handle that is not null is open and only ours.
    (!process.is_null()).then(|| unsafe { OwnedHandle::from_raw_handle(process) })
}

mod for_the_worker {

    use windows_sys::Win32::Foundation::NTSTATUS;

    use windows_sys::Win32::Security::Cryptography::CryptProtectData;
    use windows_sys::Win32::Security::LookupAccountSidW;
    use windows_sys::Win32::System::JobObjects::TerminateJobObject;
    use windows_sys::Win32::System::Threading::{
        PROCESS_SET_QUOTA, PROCESS_SUSPEND_RESUME, PROCESS_TERMINATE,
    };

    use super::*;

    /// Encrypts `content` with DPAPI. Only this user on this machine can decrypt it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn protect(content: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut protected = CRYPT_INTEGER_BLOB { cbData: 0, pbData: null_mut() };
        let given = blob(content)?;
        // SAFETY: as in `unprotect`.
        check(unsafe {
            CryptProtectData(
                &given,
                null(),
                null(),
                null(),
                null(),
                CRYPTPROTECT_UI_FORBIDDEN,
                &mut protected,
            )
        })?;
        Ok(taken(protected))
    }

    /// The name of a user or group, with its domain.
    pub(crate) fn name_of(sid: &Sid) -> Option<String> {
        let [mut name, mut domain] = [[0_u16; 260]; 2];
        let [mut name_length, mut domain_length] = [260; 2];
        let mut kind = 0;
        // SAFETY: the SID is complete, and each buffer has as many characters as its length says.
        check(unsafe {
            LookupAccountSidW(
                null(),
                sid.bytes().as_ptr().cast_mut().cast(),
                name.as_mut_ptr(),
                &mut name_length,
                domain.as_mut_ptr(),
                &mut domain_length,
                &mut kind,
            )
        })
        .ok()?;
        let text = |room: &[u16], length: u32| {
            String::from_utf16_lossy(room.get(..length as usize).unwrap_or_default())
        };
        let (name, domain) = (text(&name, name_length), text(&domain, domain_length));
        Some(if domain.is_empty() { name } else { format!(r"{domain}\{name}") })
    }

    impl Job {
        /// An empty job. Its processes cannot leave it.
        ///
        /// # Errors
        /// When the system refuses.
        pub fn empty() -> io::Result<Self> {
            Self::new(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)
        }

        /// Adds a process to the job and resumes it. It must have been started suspended, so that
        /// it has started no process outside the job. The caller must hold its handle.
        ///
        /// # Errors
        /// When the system refuses.
        pub fn begin(&self, id: u32) -> io::Result<()> {
            let rights = PROCESS_SET_QUOTA | PROCESS_TERMINATE | PROCESS_SUSPEND_RESUME;
            let process = open(id, rights).ok_or_else(io::Error::last_os_error)?;
            let process = process.as_raw_handle();
            // SAFETY: both handles are open.
            check(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process) })?;
            // SAFETY: the handle is open.
            let status = unsafe { NtResumeProcess(process) };
            if status < 0 {
                return Err(io::Error::other("the program cannot be resumed"));
            }
            Ok(())
        }

        /// Ends all processes in the job.
        pub fn end(&self) {
            // SAFETY: the handle is open.
            unsafe { TerminateJobObject(self.0.as_raw_handle(), 1) };
        }
    }

    #[link(name = "ntdll")]
    unsafe extern "system" {
        /// Resumes all threads of a process: the standard library does not give access to the first
        /// one.
        fn NtResumeProcess(process: HANDLE) -> NTSTATUS;
    }
}

pub(crate) use for_the_worker::name_of;
pub use for_the_worker::protect;

/// `CREATE_SUSPENDED`, for processes that [`Job::begin`] resumes.
pub const SUSPENDED: u32 = windows_sys::Win32::System::Threading::CREATE_SUSPENDED;

fn wide(text: &OsStr) -> Vec<u16> {
    text.encode_wide().chain([0]).collect()
}

fn check(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn last_error() -> u32 {
    // SAFETY: it has no arguments.
    unsafe { GetLastError() }
}

/// Helpers for tests.
#[cfg(test)]
pub(crate) mod for_tests {
    use windows_sys::Win32::Security::SetFileSecurityW;

    use super::*;

    /// Lets everybody read or change the file at `path` (`to read`, `to change`), or else only the
    /// caller.
    pub(crate) fn grant(path: &Path, to: &str) -> io::Result<()> {
        let others = match to {
            "to read" => "(A;;FR;;;WD)",
            "to change" => "(A;;FA;;;WD)",
            _ => "",
        };
        let list = wide(OsStr::new(&format!("D:P(A;;FA;;;{}){others}", caller()?)));
        let path = wide(path.as_os_str());
        let mut descriptor = null_mut();
        // SAFETY: both texts end with a zero, and the descriptor is freed as its creator documents.
        unsafe {
            check(ConvertStringSecurityDescriptorToSecurityDescriptorW(
                list.as_ptr(),
                SDDL_REVISION_1,
                &mut descriptor,
                null_mut(),
            ))?;
            let set = check(SetFileSecurityW(path.as_ptr(), DACL_SECURITY_INFORMATION, descriptor));
            LocalFree(descriptor);
            set
        }
    }
}
