package app;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;

@Path("/")
public class Hello {
  @GET
  @Produces("text/html")
  public String hello() {
    return "hello";
  }
}
