use super::super::{follow, objection};
use super::*;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        grant(place.0.path(), "nobody");
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        let folder = path.parent().unwrap();
        fs::create_dir_all(folder).unwrap();
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != self.0.path()) {
            grant(folder, "nobody");
        }
        fs::write(&path, name).unwrap();
        grant(&path, "nobody");
        path
    }
}

/// Lets others read, write, or neither.
fn grant(path: &Path, to: &str) {
    crate::windows::for_tests::grant(path, to).unwrap();
}

#[track_caller]
fn assert_names(found: Result<impl std::fmt::Debug, ReadError>, path: &Path) {
    match found {
        Err(ReadError::Refused(error)) => {
            let words = format!("`{}` can be changed by", path.display());
            assert!(error.message().contains(&words), "{error}");
            assert!(error.hint().unwrap().to_string().starts_with("run `icacls "), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn acl_of_file_and_each_parent_folder_is_checked() {
    let place = Place::new();
    let file = place.file(r"a\b\file");
    assert_eq!(follow(&file).unwrap(), file);
    assert_eq!(objection(&file), None);
    let (mut opened, _) = Trail::new().open(&file).unwrap();
    assert_eq!(io::read_to_string(&mut opened).unwrap(), r"a\b\file");
    for path in file.ancestors().take(3) {
        grant(path, "to read");
        follow(&file).unwrap();
        grant(path, "to change");
        assert_names(follow(&file), path);
        assert_names(Trail::new().open(&file), path);
        grant(path, "nobody");
    }
}

#[test]
fn acl_check_of_a_missing_file_is_no_refusal() {
    let place = Place::new();
    let file = place.file("file");
    for path in [file.with_file_name("absent"), file.with_file_name("absent").join("file")] {
        for found in [follow(&path).map(drop), Trail::new().open(&path).map(drop)] {
            match found {
                Err(ReadError::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn acl_of_a_private_file_readable_by_others_is_refused() {
    let place = Place::new();
    let file = place.file("file");
    assert_eq!(privacy_objection_at(&file).unwrap(), None);
    grant(&file, "to read");
    let error = privacy_objection_at(&file).unwrap().unwrap();
    assert!(error.message().contains("can be read or changed by"), "{error}");
}
