//! Patient administration: the patient index, its names, relations and labels.
