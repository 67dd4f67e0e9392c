"""What a folder links to outside of it does not belong to it."""

from pathlib import Path

from recommender.safety.folders import leads_out


def test_a_link_out_of_the_folder_leads_out_and_others_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "outside").write_text("x")
    (folder / "inside").write_text("x")
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "within").symlink_to(folder / "inside")
    (folder / "loop").symlink_to(folder / "loop")
    names = ("inside", "within", "out", "loop")
    assert [leads_out(folder / name, folder) for name in names] == [False, False, True, True]
