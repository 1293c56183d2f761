import java.io.FileInputStream;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Arguments: a broker, then files of properties. For each says what it read back from the broker, or why it could not. */
public class Client {
  public static void main(String[] args) throws Exception {
    for (var file : List.of(args).subList(1, args.length)) {
      var properties = new Properties();
      try (var in = new FileInputStream(file)) {
        properties.load(in);
      }
      properties.put("bootstrap.servers", args[0]);
      properties.put("default.api.timeout.ms", "10000");
      properties.put("request.timeout.ms", "5000");
      properties.put("delivery.timeout.ms", "6000");
      properties.put("max.block.ms", "10000");
      String said;
      try {
        said = exchange(properties);
      } catch (Exception e) {
        Throwable cause = e;
        while (cause.getCause() != null) cause = cause.getCause();
        said = "failed: " + cause;
      }
      System.out.println(new java.io.File(file).getName() + " " + said.replace('\n', ' '));
    }
  }

  static String exchange(Properties properties) throws Exception {
    try (var admin = Admin.create(properties)) {
      admin.createTopics(List.of(new NewTopic("greetings", 1, (short) 1))).all().get();
    } catch (java.util.concurrent.ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) throw e;
    }
    var strings = new StringSerializer();
    try (var producer = new KafkaProducer<>(properties, strings, strings)) {
      producer.send(new ProducerRecord<>("greetings", "hello")).get();
    }
    var text = new StringDeserializer();
    try (var consumer = new KafkaConsumer<>(properties, text, text)) {
      var partitions = consumer.partitionsFor("greetings").stream()
          .map(it -> new org.apache.kafka.common.TopicPartition(it.topic(), it.partition())).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      for (var record : consumer.poll(Duration.ofSeconds(10))) return "read " + record.value();
      return "read nothing";
    }
  }
}
