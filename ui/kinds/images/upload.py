"""What the upload of images says and offers besides files."""

FOLDER = "Subfolders are kept: they may be class names."  # help on uploading a whole folder
PRIVACY = "Personal DICOM header fields are neither stored nor shown. "
