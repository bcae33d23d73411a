package server

import "github.com/labstack/echo/v4"

// remove removes a blob for who holds its delete key.
func (s *Server) remove(c echo.Context) error {
	id, del, err := shown(c)
	if err != nil {
		return err
	}
	if err := s.db.DeleteBlob(c.Request().Context(), id, del); err != nil {
		return err
	}
	s.reaper.removed()
	s.janitor.ring()
	return done(c, nil)
}
